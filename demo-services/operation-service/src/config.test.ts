import { ConfigError, type Env } from '@lagscaler/demo-shared/env-reader.ts';
import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';

const minimal = {
  KAFKA_BOOTSTRAP_SERVERS: 'kafka:9092',
  MONGODB_CONNECTION_STRING: 'mongodb://user:secret@mongo:27017',
};

test('the database has a default, and the one in the path wins', () => {
  expect(loadConfig(minimal).mongo.database).toBe('operation_service');
  const named = { ...minimal, MONGODB_CONNECTION_STRING: 'mongodb://mongo:27017/other' };
  expect(loadConfig(named).mongo.database).toBe('other');
});

test.for<[string, Env]>([
  ['KAFKA_BOOTSTRAP_SERVERS', { KAFKA_BOOTSTRAP_SERVERS: '' }],
  ['MONGODB_CONNECTION_STRING', { MONGODB_CONNECTION_STRING: '' }],
  ['MONGODB_CONNECTION_STRING', { MONGODB_CONNECTION_STRING: 'http://user:secret@mongo' }],
  ['HTTP_PORT', { HTTP_PORT: 'x' }],
  ['FAULT_AT', { FAULT_AT: 'user-stored:kill' }],
  ['FAULT_AT', { FAULT_AT: 'operation-stored:kill', NODE_ENV: 'production' }],
])('a bad %s is named, and no password', ([name, env]) => {
  expect(() => loadConfig({ ...minimal, ...env })).toThrow(name);
  expect(() => loadConfig({ ...minimal, ...env })).not.toThrow('secret');
});

test.for(['operation-inserting', 'operation-stored', 'operation-updated', 'message-begun'])(
  'there is a fault point %s',
  (point) => expect(() => loadConfig({ ...minimal, FAULT_AT: `${point}:hang` })).not.toThrow(),
);

test('every problem is in one error', () => {
  try {
    loadConfig({ HTTP_PORT: 'y', LOG_LEVEL: 'loud' });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems).toHaveLength(4);
  }
});
