import type { Env } from '@lagscaler/demo-shared/env-reader.ts';
import { expect, test } from 'vitest';
import { helpText, readCommandLine } from './cli.ts';
import { flags, loadConfig } from './config.ts';

const kafka = { KAFKA_BOOTSTRAP_SERVERS: 'kafka:9092' };

test('the defaults: baseline load, each tenth name denied', () => {
  expect(loadConfig(kafka)).toMatchObject({
    topic: 'user-approve',
    profile: { kind: 'constant', ratePerSecond: 25 },
    durationMs: 60_000,
    names: { name: 'hans', deniedName: 'mallory', deniedShare: 0.1 },
    verify: false,
  });
});

test('a flag wins over its variable', () => {
  const env = readCommandLine(['--rate', '60', '--duration=0'], { ...kafka, LOAD_RATE: '7' });
  expect(loadConfig(env ?? {})).toMatchObject({
    profile: { ratePerSecond: 60 },
    durationMs: Number.POSITIVE_INFINITY,
  });
});

test('the help names every flag and its variable', () => {
  expect(readCommandLine(['--help'], {})).toBeUndefined();
  for (const [flag, { env }] of Object.entries(flags)) {
    expect(helpText()).toContain(`--${flag} `);
    expect(helpText()).toContain(env);
  }
});

test.for<[string, Env, string]>([
  ['a rate of zero', { LOAD_RATE: '0' }, 'LOAD_RATE'],
  ['an unknown profile', { LOAD_PROFILE: 'sine' }, 'LOAD_PROFILE'],
  ['a share above one', { LOAD_DENIED_SHARE: '10' }, 'LOAD_DENIED_SHARE'],
  [
    'a ramp without end',
    { LOAD_PROFILE: 'ramp', LOAD_DURATION_SECONDS: '0' },
    'a ramp needs an end',
  ],
])('%s is refused by name', ([, env, problem]) => {
  expect(() => loadConfig({ ...kafka, ...env })).toThrow(problem);
});

test('an unknown flag is refused', () => {
  expect(() => readCommandLine(['--speed', '1'], {})).toThrow('--speed');
});
