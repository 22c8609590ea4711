import { join } from 'node:path';
import type { KafkaConsumerScalerSpec as Spec } from '../api/types.gen.ts';
import type { KafkaConnection, SaslSettings, TlsSettings } from './kafka-connection.ts';
import type { KeyRef, OperatorIdentity, Ports, Scaler } from './ports.ts';

type Kafka = Spec['kafka'];
type Sasl = NonNullable<Kafka['sasl']>;
type NamedKey = Readonly<{ name: string; key: string }> | undefined;

/** What spec.kafka takes from Secrets and ConfigMaps. */
const slots = [
  'ca',
  'cert',
  'key',
  'username',
  'password',
  'clientId',
  'clientSecret',
  'tokenEndpointCa',
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
] as const;
type Slot = (typeof slots)[number];
type Values = Readonly<Partial<Record<Slot, string>>>;

/** The spec asks for what the operator's own settings forbid, or for what is not there. */
export class NotAllowedError extends Error {
  override readonly name = 'NotAllowedError';
}

interface Made {
  readonly values: Values;
  readonly connection: KafkaConnection;
}

/** The last connection of each spec: an equal one need not be compared again by who keeps sessions. */
const made = new WeakMap<Kafka, Made>();

/**
 * spec.kafka with its secrets as they are now.
 * @throws SecretError, NotAllowedError
 */
export async function connectionOf(
  { key: owner, namespace, spec }: Scaler,
  { secrets, identity }: Pick<Ports, 'secrets' | 'identity'>,
  signal: AbortSignal,
): Promise<KafkaConnection> {
  const { kafka } = spec;
  const refs = refsOf(kafka, namespace);
  const read = await secrets.read(owner, [...refs.values()], signal);
  const values: Values = Object.fromEntries([...refs.keys()].map((slot, i) => [slot, read[i]]));
  const before = made.get(kafka);
  if (before && slots.every((slot) => before.values[slot] === values[slot]))
    return before.connection;
  const { bootstrapServers, tls, sasl } = kafka;
  const connection = {
    bootstrapServers,
    tls: tls && tlsOf(tls, values),
    sasl: sasl && saslOf(sasl, values, permissions(identity, namespace)),
  };
  made.set(kafka, { values, connection });
  return connection;
}

function refsOf({ tls, sasl }: Kafka, namespace: string): ReadonlyMap<Slot, KeyRef> {
  const refs = new Map<Slot, KeyRef>();
  const add = (slot: Slot, kind: KeyRef['kind'], ref: NamedKey) => {
    if (ref) refs.set(slot, { kind, namespace, ...ref });
  };
  add('ca', 'Secret', tls?.caSecretRef);
  add('ca', 'ConfigMap', tls?.caConfigMapRef);
  add('cert', 'Secret', tls?.certSecretRef);
  add('key', 'Secret', tls?.keySecretRef);
  for (const [slot, ref] of saslKeys(sasl)) add(slot, 'Secret', ref);
  add('tokenEndpointCa', 'ConfigMap', sasl?.oauthBearer?.clientCredentials?.caConfigMapRef);
  return refs;
}

/** A name that the spec gives literally is not looked for in the Secret. */
function* saslKeys(sasl: Sasl | undefined): Generator<readonly [Slot, NamedKey]> {
  const account = sasl?.secretRef;
  if (account && sasl.username === undefined) {
    yield ['username', { name: account.name, key: account.usernameKey ?? 'username' }];
  }
  if (account) yield ['password', { name: account.name, key: account.passwordKey ?? 'password' }];
  yield* clientKeys(sasl?.oauthBearer?.clientCredentials);
  yield* accessKeys(sasl?.awsMskIam?.accessKeySecretRef);
}

type Client = NonNullable<NonNullable<Sasl['oauthBearer']>['clientCredentials']>;

function* clientKeys(client: Client | undefined): Generator<readonly [Slot, NamedKey]> {
  if (!client) return;
  const {
    name,
    clientIdKey = 'clientId',
    clientSecretKey = 'clientSecret',
  } = client.clientSecretRef;
  if (client.clientId === undefined) yield ['clientId', { name, key: clientIdKey }];
  yield ['clientSecret', { name, key: clientSecretKey }];
  yield ['tokenEndpointCa', client.caSecretRef];
}

type AccessKey = NonNullable<Sasl['awsMskIam']>['accessKeySecretRef'];

function* accessKeys(ref: AccessKey): Generator<readonly [Slot, NamedKey]> {
  if (!ref) return;
  const { name, accessKeyIdKey = 'accessKeyId', secretAccessKeyKey = 'secretAccessKey' } = ref;
  yield ['accessKeyId', { name, key: accessKeyIdKey }];
  yield ['secretAccessKey', { name, key: secretAccessKeyKey }];
  if (ref.sessionTokenKey !== undefined) yield ['sessionToken', { name, key: ref.sessionTokenKey }];
}

function tlsOf(tls: NonNullable<Kafka['tls']>, { ca, cert, key }: Values): TlsSettings {
  const { serverName, insecureSkipVerify = false } = tls;
  return { ca, cert, key, serverName, insecureSkipVerify };
}

interface Permissions {
  /** @throws NotAllowedError */
  readonly tokenPath: (file: string) => string;
  /** @throws NotAllowedError */
  readonly useAwsIdentity: () => void;
}

/** Never a way out of the namespace's folder, whatever an older schema let through. */
const fileName = /^[A-Za-z0-9][-._A-Za-z0-9]*$/;

function permissions(identity: OperatorIdentity, namespace: string): Permissions {
  const { tokenDirectory, awsNamespaces } = identity;
  return {
    tokenPath(file) {
      const field = 'spec.kafka.sasl.oauthBearer.tokenFile';
      if (!fileName.test(file)) throw new NotAllowedError(`${field}: it must be a bare file name`);
      if (tokenDirectory !== undefined) return join(tokenDirectory, namespace, file);
      const what = `${field}: this operator has no token files: set its KAFKA_TOKEN_DIRECTORY`;
      throw new NotAllowedError(what);
    },
    useAwsIdentity() {
      if (awsNamespaces.includes('*') || awsNamespaces.includes(namespace)) return;
      const what = `spec.kafka.sasl.awsMskIam: namespace ${namespace} may not use the operator's own AWS identity: name an accessKeySecretRef, or add the namespace to the operator's KAFKA_AWS_NAMESPACES`;
      throw new NotAllowedError(what);
    },
  };
}

function saslOf(sasl: Sasl, values: Values, permissions: Permissions): SaslSettings {
  const { mechanism } = sasl;
  if (mechanism === 'OAUTHBEARER') return oauthOf(sasl, values, permissions);
  if (mechanism === 'AWS_MSK_IAM') return awsOf(sasl, values, permissions);
  const { username = sasl.username ?? '', password = '' } = values;
  return { mechanism, username, password };
}

function oauthOf({ oauthBearer }: Sasl, values: Values, { tokenPath }: Permissions): SaslSettings {
  const { clientCredentials: client, tokenFile = '', extensions = {} } = oauthBearer ?? {};
  const mechanism = 'OAUTHBEARER';
  if (!client)
    return { mechanism, token: { from: 'file', path: tokenPath(tokenFile) }, extensions };
  const { tokenEndpointUri: uri, scopes = [], audience } = client;
  const { clientId = client.clientId ?? '', clientSecret = '', tokenEndpointCa: ca } = values;
  const clientAuthMethod = client.clientAuthMethod ?? 'client_secret_basic';
  const asked = { uri, clientId, clientSecret, clientAuthMethod, scopes, audience, ca };
  return { mechanism, token: { from: 'tokenEndpoint', ...asked }, extensions };
}

function awsOf({ awsMskIam }: Sasl, values: Values, { useAwsIdentity }: Permissions): SaslSettings {
  const { region = '', roleArn } = awsMskIam ?? {};
  const { accessKeyId, secretAccessKey = '', sessionToken } = values;
  const keys =
    accessKeyId === undefined ? undefined : { accessKeyId, secretAccessKey, sessionToken };
  if (!keys) useAwsIdentity();
  return { mechanism: 'AWS_MSK_IAM', region, roleArn, keys };
}
