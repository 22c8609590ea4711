import { ConfigError, type Env } from '@lagscaler/demo-shared/env-reader.ts';
import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';

const minimal = {
  KAFKA_BOOTSTRAP_SERVERS: 'kafka:9092',
  MONGODB_CONNECTION_STRING: 'mongodb://someone:secret@mongo:27017',
};

test('users time out after an hour and count as stuck after five minutes', () => {
  const { saga, mongo, service } = loadConfig(minimal);
  expect(saga).toEqual({ timeoutMs: 3_600_000, stuckMs: 300_000 });
  expect(mongo.database).toBe('user_service');
  expect(service.httpPort).toBe(5000);
});

test('a timeout of 0 is allowed: none', () => {
  expect(loadConfig({ ...minimal, SAGA_TIMEOUT_MS: '0' }).saga.timeoutMs).toBe(0);
});

test.for<[string, Env]>([
  ['KAFKA_BOOTSTRAP_SERVERS', { KAFKA_BOOTSTRAP_SERVERS: '' }],
  ['MONGODB_CONNECTION_STRING', { MONGODB_CONNECTION_STRING: '' }],
  ['MONGODB_CONNECTION_STRING', { MONGODB_CONNECTION_STRING: 'http://mongo' }],
  ['SAGA_TIMEOUT_MS', { SAGA_TIMEOUT_MS: '-1' }],
  ['SAGA_TIMEOUT_MS', { SAGA_TIMEOUT_MS: '1h' }],
  ['SAGA_STUCK_MS', { SAGA_STUCK_MS: '0' }],
  ['FAULT_AT', { FAULT_AT: 'user-lost:kill' }],
  ['FAULT_AT', { FAULT_AT: 'user-stored:kill', NODE_ENV: 'production' }],
])('a bad %s is named', ([name, env]) => {
  expect(() => loadConfig({ ...minimal, ...env })).toThrow(name);
});

test.for(['message-begun', 'user-stored', 'user-decided'])('a fault can be set at %s', (point) => {
  expect(() => loadConfig({ ...minimal, FAULT_AT: `${point}:hang` })).not.toThrow();
});

test('every problem is in one error, which does not tell the password', () => {
  const url = 'mongodb://someone:secret@mongo:99999999/x';
  try {
    loadConfig({ MONGODB_CONNECTION_STRING: url, SAGA_TIMEOUT_MS: 'x', SAGA_STUCK_MS: 'y' });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems).toHaveLength(4);
    expect(String(error)).not.toContain('secret');
  }
});
