import type { Env } from '@lagscaler/demo-shared/env-reader.ts';
import { expect, test } from 'vitest';
import { helpText, readCommandLine } from './cli.ts';
import { loadConfig } from './config.ts';
import { flags } from './flags.ts';

const target = { LOAD_TARGET_URL: 'http://operation-service' };
const forever = Number.POSITIVE_INFINITY;

test('the defaults: baseline load, each tenth name denied', () => {
  expect(loadConfig(target)).toMatchObject({
    target: { url: 'http://operation-service', hostHeader: undefined },
    profile: { kind: 'constant', ratePerSecond: 25 },
    durationMs: 60_000,
    names: { name: 'hans', deniedName: 'mallory', deniedShare: 0.1 },
    wait: false,
    output: 'text',
  });
});

test.for<[string, Env, object]>([
  [
    'a rate alone is a constant load',
    { LOAD_RATE: '200' },
    { profile: { kind: 'constant', ratePerSecond: 200 } },
  ],
  [
    'the baseline until SIGTERM',
    { LOAD_PROFILE: 'baseline', LOAD_DURATION_SECONDS: '0' },
    { profile: { kind: 'constant', ratePerSecond: 25 }, durationMs: forever },
  ],
  [
    'a ramp',
    { LOAD_PROFILE: 'ramp', LOAD_DURATION_SECONDS: '90' },
    { profile: { kind: 'ramp', fromPerSecond: 25, toPerSecond: 100 }, durationMs: 90_000 },
  ],
  [
    'a ramp with its rates',
    { LOAD_RATE: '5', LOAD_RAMP_TO: '300' },
    { profile: { kind: 'ramp', fromPerSecond: 5, toPerSecond: 300 }, durationMs: 60_000 },
  ],
  [
    'steps with their durations',
    { LOAD_STEPS: '25x60, 100x30' },
    {
      profile: {
        steps: [
          { ratePerSecond: 25, durationMs: 60_000 },
          { ratePerSecond: 100, durationMs: 30_000 },
        ],
      },
      durationMs: 90_000,
    },
  ],
  [
    'steps whose last one has no end',
    { LOAD_STEPS: '25x0.5,0' },
    { profile: { steps: [{ durationMs: 500 }, { ratePerSecond: 0 }] }, durationMs: forever },
  ],
])('%s', ([, env, config]) => {
  expect(loadConfig({ ...target, ...env })).toMatchObject(config);
});

test('a flag wins over its variable', () => {
  const args = ['--rate', '60', '--duration=0', '--wait', '--host', 'operation-service.mesh'];
  const env = readCommandLine(args, { ...target, LOAD_RATE: '7' });
  expect(loadConfig(env ?? {})).toMatchObject({
    target: { hostHeader: 'operation-service.mesh' },
    profile: { ratePerSecond: 60 },
    durationMs: forever,
    wait: true,
  });
});

test('--no-wait wins over LOAD_WAIT', () => {
  const env = readCommandLine(['--no-wait'], { ...target, LOAD_WAIT: 'true' });
  expect(loadConfig(env ?? {}).wait).toBe(false);
});

test('the help names every flag and its variable', () => {
  expect(readCommandLine(['--help'], {})).toBeUndefined();
  for (const [flag, { env }] of Object.entries(flags)) {
    expect(helpText()).toContain(`--${flag}`);
    expect(helpText()).toContain(env);
  }
});

test.for<[string, Env, string]>([
  ['no target', { LOAD_TARGET_URL: '' }, 'LOAD_TARGET_URL is missing'],
  ['a target that is no URL', { LOAD_TARGET_URL: 'operation-service:80' }, 'LOAD_TARGET_URL is no'],
  ['a target with a query', { LOAD_TARGET_URL: 'http://a/?b' }, 'LOAD_TARGET_URL has a query'],
  ['a rate of zero', { LOAD_RATE: '0' }, 'LOAD_RATE'],
  ['an unknown profile', { LOAD_PROFILE: 'sine' }, 'LOAD_PROFILE'],
  ['a share above one', { LOAD_DENIED_SHARE: '10' }, 'LOAD_DENIED_SHARE'],
  ['a ramp without end', { LOAD_RAMP_TO: '9', LOAD_DURATION_SECONDS: '0' }, 'a ramp needs an end'],
  [
    'a baseline with a rate',
    { LOAD_PROFILE: 'baseline', LOAD_RATE: '50' },
    'LOAD_RATE has no effect',
  ],
  [
    'steps with a duration',
    { LOAD_STEPS: '5x5', LOAD_DURATION_SECONDS: '9' },
    'LOAD_DURATION_SECONDS',
  ],
  ['steps without steps', { LOAD_PROFILE: 'steps' }, 'LOAD_STEPS is missing'],
  ['steps in another notation', { LOAD_STEPS: '25:60' }, 'LOAD_STEPS is "25:60"'],
  ['a first step without end', { LOAD_STEPS: '25,100x30' }, 'LOAD_STEPS is "25,100x30"'],
  ['no connections', { LOAD_MAX_CONNECTIONS: '0' }, 'LOAD_MAX_CONNECTIONS'],
])('%s is refused by name', ([, env, problem]) => {
  expect(() => loadConfig({ ...target, ...env })).toThrow(problem);
});

test('a target with a password is refused without repeating it', () => {
  const env = { LOAD_TARGET_URL: 'http://user:sesame@operation-service' };
  expect(() => loadConfig(env)).toThrow('carries credentials');
  expect(() => loadConfig(env)).not.toThrow('sesame');
});

test('an unknown flag is refused', () => {
  expect(() => readCommandLine(['--speed', '1'], {})).toThrow('--speed');
});
