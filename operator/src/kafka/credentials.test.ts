import { expect, test } from 'vitest';
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

test('another password, user or certificate is another session, and none of them shows', () => {
  const keys = [
    sessionKey({ ...base, sasl }),
    sessionKey({ ...base, sasl: { ...sasl, password: 'hunter3' } }),
    sessionKey({ ...base, sasl: { ...sasl, username: 'bob' } }),
    sessionKey({ ...base, sasl: { ...sasl, mechanism: 'SCRAM-SHA-256' } }),
    sessionKey({ ...base, tls: { ...tls, ca: 'x' } }),
    sessionKey({ ...base, tls: { ...tls, cert: 'x' } }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.join()).not.toMatch(/hunter|alice/);
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
  ['ca', 'spec.kafka.tls.caSecretRef'],
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
