import { expect, test } from 'vitest';
import type { KafkaConsumerScalerSpec } from '../api/types.gen.ts';
import { connectionOf } from './connection.ts';
import { FakeSecrets, scalerOf } from './fakes.ts';
import type { OperatorIdentity } from './ports.ts';

type Kafka = KafkaConsumerScalerSpec['kafka'];

const never = new AbortController().signal;
const bootstrapServers = ['kafka:9093'];
const nobody: OperatorIdentity = { tokenDirectory: undefined, awsNamespaces: [] };

const objects = {
  'Secret shop/kafka': {
    username: 'alice',
    password: 'pw',
    clientId: 'id',
    clientSecret: 'cs',
    accessKeyId: 'AKIA',
    secretAccessKey: 'sk',
    token: 'st',
    'ca.crt': 'CA',
  },
  // As Strimzi makes them.
  'Secret shop/my-cluster-cluster-ca-cert': { 'ca.crt': 'CLUSTER CA', 'ca.password': 'x' },
  'Secret shop/my-user': { 'user.crt': 'CERT', 'user.key': 'KEY', password: 'scram pw' },
  'ConfigMap shop/authorities': { 'ca.crt': 'PUBLIC CA' },
};

const read = (kafka: Partial<Kafka>, identity = nobody) => {
  const secrets = new FakeSecrets();
  for (const [name, data] of Object.entries(objects)) secrets.objects.set(name, data);
  const scaler = scalerOf('orders', { kafka: { bootstrapServers, ...kafka } });
  return connectionOf(scaler, { secrets, identity }, never);
};

const oauth = (oauthBearer: NonNullable<Kafka['sasl']>['oauthBearer']): Partial<Kafka> => ({
  sasl: { mechanism: 'OAUTHBEARER', ...(oauthBearer && { oauthBearer }) },
});
const clientSecretRef = { name: 'kafka', clientIdKey: 'clientId', clientSecretKey: 'clientSecret' };
const client = {
  tokenEndpointUri: 'https://idp/token',
  clientSecretRef,
  clientAuthMethod: 'client_secret_basic',
} as const;
const asked = {
  from: 'tokenEndpoint',
  uri: 'https://idp/token',
  clientId: 'id',
  clientSecret: 'cs',
  clientAuthMethod: 'client_secret_basic',
  scopes: [],
  audience: undefined,
  ca: undefined,
};
const account = { name: 'my-user', usernameKey: 'username', passwordKey: 'password' };
const accessKeys = {
  name: 'kafka',
  accessKeyIdKey: 'accessKeyId',
  secretAccessKeyKey: 'secretAccessKey',
};
const aws = (awsMskIam: NonNullable<Kafka['sasl']>['awsMskIam']): Partial<Kafka> => ({
  sasl: { mechanism: 'AWS_MSK_IAM', ...(awsMskIam && { awsMskIam }) },
});
const region = 'eu-west-1';
const roleArn = 'arn:aws:iam::123456789012:role/reader';

test('without tls and sasl nothing is looked up', async () => {
  expect(await read({})).toEqual({ bootstrapServers, tls: undefined, sasl: undefined });
});

test.for<[string, Partial<Kafka>, object]>([
  [
    'user name and password',
    { sasl: { mechanism: 'SCRAM-SHA-512', secretRef: { ...account, name: 'kafka' } } },
    { sasl: { mechanism: 'SCRAM-SHA-512', username: 'alice', password: 'pw' } },
  ],
  [
    'the password of a Strimzi user, whose Secret does not name it',
    { sasl: { mechanism: 'SCRAM-SHA-512', username: 'my-user', secretRef: account } },
    { sasl: { mechanism: 'SCRAM-SHA-512', username: 'my-user', password: 'scram pw' } },
  ],
  [
    'the certificates of a Strimzi cluster and user',
    {
      tls: {
        caSecretRef: { name: 'my-cluster-cluster-ca-cert', key: 'ca.crt' },
        certSecretRef: { name: 'my-user', key: 'user.crt' },
        keySecretRef: { name: 'my-user', key: 'user.key' },
        insecureSkipVerify: false,
      },
    },
    { tls: { ca: 'CLUSTER CA', cert: 'CERT', key: 'KEY' } },
  ],
  [
    'a CA of a ConfigMap',
    { tls: { caConfigMapRef: { name: 'authorities', key: 'ca.crt' }, insecureSkipVerify: false } },
    { tls: { ca: 'PUBLIC CA', cert: undefined } },
  ],
  [
    'client credentials',
    oauth({ clientCredentials: client }),
    { sasl: { mechanism: 'OAUTHBEARER', token: asked, extensions: {} } },
  ],
  [
    'client credentials with everything',
    oauth({
      clientCredentials: {
        ...client,
        clientId: 'literal',
        clientAuthMethod: 'client_secret_post',
        scopes: ['a', 'b'],
        audience: 'kafka',
        caSecretRef: { name: 'kafka', key: 'ca.crt' },
      },
      extensions: { pool: '1' },
    }),
    {
      sasl: {
        mechanism: 'OAUTHBEARER',
        token: {
          ...asked,
          clientId: 'literal',
          clientAuthMethod: 'client_secret_post',
          scopes: ['a', 'b'],
          audience: 'kafka',
          ca: 'CA',
        },
        extensions: { pool: '1' },
      },
    },
  ],
  [
    'the CA of a token endpoint in a ConfigMap',
    oauth({
      clientCredentials: { ...client, caConfigMapRef: { name: 'authorities', key: 'ca.crt' } },
    }),
    { sasl: { token: { ca: 'PUBLIC CA' } } },
  ],
  [
    'an access key',
    aws({ region, accessKeySecretRef: accessKeys }),
    {
      sasl: {
        mechanism: 'AWS_MSK_IAM',
        region,
        roleArn: undefined,
        keys: { accessKeyId: 'AKIA', secretAccessKey: 'sk', sessionToken: undefined },
      },
    },
  ],
  [
    'a temporary access key and a role',
    aws({ region, roleArn, accessKeySecretRef: { ...accessKeys, sessionTokenKey: 'token' } }),
    { sasl: { roleArn, keys: { sessionToken: 'st' } } },
  ],
])('%s', async ([, kafka, expected]) => {
  expect(await read(kafka)).toMatchObject(expected);
});

test('a token file lies in the folder of the namespace', async () => {
  const identity = { ...nobody, tokenDirectory: '/tokens' };
  expect(await read(oauth({ tokenFile: 'kafka' }), identity)).toMatchObject({
    sasl: { token: { from: 'file', path: '/tokens/shop/kafka' } },
  });
});

test.for(['shop', '*'])('the AWS identity of the operator is there for %s', async (namespace) => {
  const identity = { ...nobody, awsNamespaces: ['other', namespace] };
  expect(await read(aws({ region, roleArn }), identity)).toMatchObject({
    sasl: { region, roleArn, keys: undefined },
  });
});

test.for([
  [
    'a token file where the operator has none',
    { tokenFile: 'kafka' },
    nobody,
    'KAFKA_TOKEN_DIRECTORY',
  ],
  [
    'another folder',
    { tokenFile: '../billing/kafka' },
    { ...nobody, tokenDirectory: '/t' },
    'bare file name',
  ],
  ['the folder itself', { tokenFile: '..' }, { ...nobody, tokenDirectory: '/t' }, 'bare file name'],
] as const)('%s is refused with what to do', async ([, oauthBearer, identity, remedy]) => {
  await expect(read(oauth(oauthBearer), identity)).rejects.toMatchObject({
    name: 'NotAllowedError',
    message: expect.stringContaining(remedy),
  });
});

test.for([[undefined], [roleArn]] as const)(
  'the AWS identity of the operator is refused to a namespace that is not named, role %s',
  async ([role]) => {
    const awsMskIam = { region, ...(role !== undefined && { roleArn: role }) };
    await expect(read(aws(awsMskIam), { ...nobody, awsNamespaces: ['billing'] })).rejects.toThrow(
      "namespace shop may not use the operator's own AWS identity",
    );
  },
);
