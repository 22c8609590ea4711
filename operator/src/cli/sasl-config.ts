import { fileURLToPath } from 'node:url';
import type {
  AwsSettings,
  OAuthSettings,
  PasswordSettings,
  SaslSettings,
} from '../controller/kafka-connection.ts';
import { type JaasConfig, parseJaas } from './jaas.ts';
import type { PropertyReader } from './property-reader.ts';

const passwordMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
const mechanisms = [...passwordMechanisms, 'OAUTHBEARER', 'AWS_MSK_IAM'] as const;

/** `sasl.*` of a client properties file; undefined when something in it was refused. */
export function saslOf(read: PropertyReader): SaslSettings | undefined {
  const named = read.text('sasl.mechanism');
  const mechanism = mechanisms.find((known) => known === named);
  const jaas = parseJaas(read.text('sasl.jaas.config') ?? '');
  if (!mechanism) {
    read.refuse('sasl.mechanism', `set one of ${mechanisms.join(', ')}`);
    return undefined;
  }
  if (mechanism === 'OAUTHBEARER') return oauthOf(read, jaas);
  return mechanism === 'AWS_MSK_IAM' ? awsOf(read, jaas) : passwordOf(mechanism, read, jaas);
}

function passwordOf(
  mechanism: PasswordSettings['mechanism'],
  read: PropertyReader,
  jaas: JaasConfig | undefined,
): PasswordSettings | undefined {
  const username = jaas?.options.get('username');
  const password = jaas?.options.get('password');
  if (username !== undefined && password !== undefined) return { mechanism, username, password };
  const form =
    'org.apache.kafka.common.security.<…>LoginModule required username="…" password="…";';
  read.refuse('sasl.jaas.config', `set ${form}`);
  return undefined;
}

const endpoint = 'sasl.oauthbearer.token.endpoint.url';
const credentials = 'sasl.oauthbearer.client.credentials.client';

/** Kafka has the client's name and secret among the options of the login module; since 4.1 beside them too. */
function oauthOf(read: PropertyReader, jaas: JaasConfig | undefined): OAuthSettings | undefined {
  const url = read.text(endpoint);
  if (url === undefined || !URL.canParse(url)) {
    read.refuse(
      endpoint,
      'set the address of the token endpoint, or file:// and the path of a token',
    );
    return undefined;
  }
  const extensions = extensionsOf(jaas);
  const mechanism = 'OAUTHBEARER';
  if (url.startsWith('file:')) {
    return { mechanism, token: { from: 'file', path: fileURLToPath(url) }, extensions };
  }
  const option = (name: string, key: string) => jaas?.options.get(name) ?? read.text(key);
  const clientId = option('clientId', `${credentials}.id`);
  const clientSecret = option('clientSecret', `${credentials}.secret`);
  if (clientId === undefined || clientSecret === undefined) {
    read.refuse('sasl.jaas.config', `set clientId and clientSecret in it, or ${credentials}.*`);
    return undefined;
  }
  const scopes = (option('scope', 'sasl.oauthbearer.scope') ?? '').split(/\s+/).filter(Boolean);
  const client = { clientId, clientSecret, scopes, audience: undefined, ca: undefined };
  const clientAuthMethod = 'client_secret_basic';
  return {
    mechanism,
    token: { from: 'tokenEndpoint', uri: url, clientAuthMethod, ...client },
    extensions,
  };
}

function extensionsOf(jaas: JaasConfig | undefined): OAuthSettings['extensions'] {
  const prefix = 'extension_';
  const named = [...(jaas?.options ?? [])].filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(named.map(([key, value]) => [key.slice(prefix.length), value]));
}

/** The identity is that of the machine, as the AWS SDK finds it. */
function awsOf(read: PropertyReader, jaas: JaasConfig | undefined): AwsSettings | undefined {
  const region = read.environment('AWS_REGION');
  if (region === undefined) {
    read.refuse('sasl.mechanism', 'AWS_MSK_IAM needs the environment variable AWS_REGION');
    return undefined;
  }
  const roleArn = jaas?.options.get('awsRoleArn');
  return { mechanism: 'AWS_MSK_IAM', region, roleArn, keys: undefined };
}
