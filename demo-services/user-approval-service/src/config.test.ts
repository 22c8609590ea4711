import { ConfigError, type Env } from '@lagscaler/demo-shared/env-reader.ts';
import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';

const minimal = { KAFKA_BOOTSTRAP_SERVERS: 'kafka:9092' };

test('the defaults of the contract', () => {
  expect(loadConfig({ ...minimal, HOSTNAME: 'pod-1' })).toEqual({
    service: {
      httpHost: '0.0.0.0',
      httpPort: 5000,
      shutdownTimeoutMs: 25_000,
      logLevel: 'info',
      podName: 'pod-1',
      otlpEndpoint: undefined,
    },
    kafka: { bootstrapServers: ['kafka:9092'], tls: undefined, sasl: undefined },
    faults: { at: expect.any(Function) },
    approval: { rule: 'denylist', denylist: new Set(['mallory']), ratio: 0.9 },
    work: { mode: 'sleep', workMs: 200, jitterMs: 0 },
  });
});

test('names of the denylist are compared without case and blanks', () => {
  const { approval } = loadConfig({ ...minimal, APPROVAL_DENYLIST: ' Eve, MALLORY ,,' });
  expect(approval.denylist).toEqual(new Set(['eve', 'mallory']));
});

test.for<[string, Env]>([
  ['KAFKA_BOOTSTRAP_SERVERS', { KAFKA_BOOTSTRAP_SERVERS: '' }],
  ['APPROVAL_RULE', { APPROVAL_RULE: 'coin' }],
  ['APPROVAL_RATIO', { APPROVAL_RATIO: '1.1' }],
  ['WORK_MS', { WORK_MS: '-1' }],
  ['WORK_MS', { WORK_MS: '0.5' }],
  ['WORK_JITTER_MS', { WORK_JITTER_MS: 'much' }],
  ['WORK_MODE', { WORK_MODE: 'gpu' }],
  ['HTTP_PORT', { HTTP_PORT: '65536' }],
  ['SHUTDOWN_TIMEOUT_MS', { SHUTDOWN_TIMEOUT_MS: '0' }],
  ['LOG_LEVEL', { LOG_LEVEL: 'loud' }],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }],
  ['FAULT_AT', { FAULT_AT: 'operation-stored:kill' }],
  ['FAULT_AT', { FAULT_AT: 'decision-produced:kill', NODE_ENV: 'production' }],
])('a bad %s is named', ([name, env]) => {
  expect(() => loadConfig({ ...minimal, ...env })).toThrow(name);
});

test('every problem is in one error', () => {
  try {
    loadConfig({ APPROVAL_RULE: 'coin', WORK_MS: 'x', HTTP_PORT: 'y' });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems).toHaveLength(4);
  }
});
