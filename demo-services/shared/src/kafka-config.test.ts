import { expect, test } from 'vitest';
import { type Env, EnvReader } from './env-reader.ts';
import { readKafkaConnection } from './kafka-config.ts';

const servers = { KAFKA_BOOTSTRAP_SERVERS: 'a:9092, [::1]:9093' };
const user = { KAFKA_SASL_USERNAME: 'bob', KAFKA_SASL_PASSWORD: ' secret ' };

function read(env: Env) {
  const reader = new EnvReader(env);
  const connection = readKafkaConnection(reader);
  reader.check();
  return connection;
}

test('plaintext by default', () => {
  expect(read(servers)).toEqual({
    bootstrapServers: ['a:9092', '[::1]:9093'],
    tls: undefined,
    sasl: undefined,
  });
});

test('SASL_SSL with PLAIN as soon as there is a user name', () => {
  const { tls, sasl } = read({ ...servers, ...user });
  expect(tls).toEqual({});
  expect(sasl).toEqual({ mechanism: 'PLAIN', username: 'bob', password: ' secret ' });
});

test('SASL without TLS when asked for', () => {
  const { tls, sasl } = read({
    ...servers,
    ...user,
    KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT',
    KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
  });
  expect(tls).toBeUndefined();
  expect(sasl?.mechanism).toBe('SCRAM-SHA-512');
});

test.for<[string, Env, string]>([
  ['no brokers', {}, 'KAFKA_BOOTSTRAP_SERVERS is missing'],
  ['an empty list', { KAFKA_BOOTSTRAP_SERVERS: ' ' }, 'KAFKA_BOOTSTRAP_SERVERS is missing'],
  ['no port', { KAFKA_BOOTSTRAP_SERVERS: 'kafka' }, 'has "kafka": write it as host:port'],
  ['a port out of range', { KAFKA_BOOTSTRAP_SERVERS: 'a:70000' }, 'has "a:70000"'],
  ['an unknown protocol', { ...servers, KAFKA_SECURITY_PROTOCOL: 'TLS' }, 'must be one of PLAIN'],
  ['an unknown mechanism', { ...servers, ...user, KAFKA_SASL_MECHANISM: 'x' }, 'SCRAM-SHA-256'],
  ['a user without password', { ...servers, KAFKA_SASL_USERNAME: 'b' }, 'KAFKA_SASL_PASSWORD'],
  [
    'a user that the protocol would ignore',
    { ...servers, ...user, KAFKA_SECURITY_PROTOCOL: 'SSL' },
    'would not be used',
  ],
  ['an unreadable file', { ...servers, KAFKA_SSL_CA_FILE: '/no/ca.pem' }, 'ENOENT'],
  [
    'a certificate without key',
    { ...servers, KAFKA_SSL_CERT_FILE: '/dev/null' },
    'belong together',
  ],
])('%s is refused by name', ([, env, problem]) => {
  expect(() => read(env)).toThrow(problem);
});

test('no problem text holds the password', () => {
  const env = { ...user, KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SASL_MECHANISM: 'x' };
  expect(() => read(env)).toThrow(/^(?![\s\S]*secret)/);
});
