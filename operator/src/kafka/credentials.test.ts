import { expect, test } from 'vitest';
import type { ClientCredentials, SaslSettings } from '../controller/kafka-connection.ts';
import type { KafkaConnection } from '../controller/ports.ts';
import { parseServer, poolOptions, sessionKey } from './credentials.ts';

const timeouts = { connectMs: 1_000, requestMs: 2_000 };
const tls = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  serverName: undefined,
  insecureSkipVerify: false,
};
const base: KafkaConnection = {
  bootstrapServers: ['kafka-0:9092', 'kafka-1:9092'],
  tls: undefined,
  sasl: undefined,
};
const sasl = { mechanism: 'PLAIN', username: 'alice', password: 'hunter2' } as const;

test.for([
  ['an equal connection', {}, true],
  [
    'the same servers in another order',
    { bootstrapServers: ['kafka-1:9092', 'kafka-0:9092'] },
    true,
  ],
  ['other servers', { bootstrapServers: ['kafka-0:9092'] }, false],
  ['TLS', { tls }, false],
  ['credentials', { sasl }, false],
] as const)('%s shares a session: %s', ([, change, shared]) => {
  expect(sessionKey({ ...base, ...change }) === sessionKey(base)).toBe(shared);
});

const client: ClientCredentials = {
  from: 'tokenEndpoint',
  uri: 'https://idp/token',
  clientId: 'lagscaler',
  clientSecret: 'hunter2',
  clientAuthMethod: 'client_secret_basic',
  scopes: ['kafka'],
  audience: undefined,
  ca: undefined,
};
const oauth = (change: Partial<ClientCredentials>, extensions = {}): SaslSettings => ({
  mechanism: 'OAUTHBEARER',
  token: { ...client, ...change },
  extensions,
});
const file = (path: string): SaslSettings => ({
  mechanism: 'OAUTHBEARER',
  token: { from: 'file', path },
  extensions: {},
});
const keys = { accessKeyId: 'AKIA', secretAccessKey: 'hunter2', sessionToken: undefined };
const aws = (change: object): SaslSettings => ({
  mechanism: 'AWS_MSK_IAM',
  region: 'eu-west-1',
  roleArn: undefined,
  keys: undefined,
  ...change,
});

/** Each differs from all the others. */
const identities: readonly Partial<KafkaConnection>[] = [
  { sasl },
  { sasl: { ...sasl, password: 'hunter3' } },
  { sasl: { ...sasl, username: 'bob' } },
  { sasl: { ...sasl, mechanism: 'SCRAM-SHA-256' } },
  { tls: { ...tls, ca: 'x' } },
  { tls: { ...tls, cert: 'x' } },
  { tls: { ...tls, key: 'x' } },
  { tls: { ...tls, serverName: 'x' } },
  { tls: { ...tls, insecureSkipVerify: true } },
  { sasl: oauth({}) },
  { sasl: oauth({ uri: 'https://other/token' }) },
  { sasl: oauth({ clientId: 'other' }) },
  { sasl: oauth({ clientSecret: 'hunter3' }) },
  { sasl: oauth({ clientAuthMethod: 'client_secret_post' }) },
  { sasl: oauth({ scopes: ['kafka', 'more'] }) },
  { sasl: oauth({ scopes: [] }) },
  { sasl: oauth({ audience: 'kafka' }) },
  { sasl: oauth({ ca: 'x' }) },
  { sasl: oauth({}, { pool: '1' }) },
  { sasl: oauth({}, { pool: '2' }) },
  { sasl: file('/tokens/shop/a') },
  { sasl: file('/tokens/shop/b') },
  { sasl: aws({}) },
  { sasl: aws({ region: 'us-east-1' }) },
  { sasl: aws({ roleArn: 'arn:aws:iam::123456789012:role/a' }) },
  { sasl: aws({ keys }) },
  { sasl: aws({ keys: { ...keys, accessKeyId: 'AKIB' } }) },
  { sasl: aws({ keys: { ...keys, secretAccessKey: 'hunter3' } }) },
  { sasl: aws({ keys: { ...keys, sessionToken: 'x' } }) },
];

test('whatever differs in TLS or SASL is another session, and no secret shows', () => {
  const all = identities.map((change) => sessionKey({ ...base, ...change }));
  expect(new Set(all).size).toBe(identities.length);
  expect(all.join()).not.toMatch(/hunter|alice|lagscaler|AKI/);
});

test('the order of fields and extensions makes no difference', () => {
  const first: SaslSettings = {
    mechanism: 'OAUTHBEARER',
    token: { from: 'file', path: 'x' },
    extensions: { a: '1', b: '2' },
  };
  const second: SaslSettings = {
    extensions: { b: '2', a: '1' },
    token: { path: 'x', from: 'file' },
    mechanism: 'OAUTHBEARER',
  };
  expect(sessionKey({ ...base, sasl: second })).toBe(sessionKey({ ...base, sasl: first }));
});

test.for([
  ['kafka:9092', 'kafka', 9092],
  ['10.0.0.1:1', '10.0.0.1', 1],
  ['[::1]:65535', '::1', 65_535],
] as const)('%s is a server', ([text, host, port]) => {
  expect(parseServer(text)).toEqual({ host, port });
});

test.for(['', 'kafka', 'kafka:', ':9092', 'kafka:0', 'kafka:65536', '::1:9092', 'a b:1'])(
  '"%s" is not a server',
  (text) => expect(() => parseServer(text)).toThrow('spec.kafka.bootstrapServers'),
);

test.for([
  ['ca', 'spec.kafka.tls: the CA is not PEM'],
  ['cert', 'spec.kafka.tls.certSecretRef'],
  ['key', 'certSecretRef and keySecretRef go together'],
] as const)('a lone %s that is not PEM is named, not shown', ([name, path]) => {
  const pair = name === 'cert' ? { cert: 'hunter2', key: 'hunter2' } : { [name]: 'hunter2' };
  const build = () => poolOptions({ ...base, tls: { ...tls, ...pair } }, timeouts);
  expect(build).toThrow(path);
  expect(build).not.toThrow('hunter2');
});

test.for([
  ['the name of each broker', base.bootstrapServers, undefined, true],
  ['the name given', base.bootstrapServers, 'kafka.shop', 'kafka.shop'],
  ['nothing for addresses', ['10.0.0.1:9092'], undefined, undefined],
] as const)('SNI is %s', ([, bootstrapServers, serverName, expected]) => {
  const options = poolOptions({ ...base, bootstrapServers, tls: { ...tls, serverName } }, timeouts);
  expect(options.tlsServerName).toBe(expected);
});

test.for([true, false])('insecureSkipVerify %s', (insecureSkipVerify) => {
  const options = poolOptions({ ...base, tls: { ...tls, insecureSkipVerify } }, timeouts);
  expect(options.tls?.rejectUnauthorized).toBe(!insecureSkipVerify);
});
