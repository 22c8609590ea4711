import { expect, test } from 'vitest';
import { type Env, EnvReader } from './env-reader.ts';
import { readFaults } from './fault.ts';

function read(env: Env) {
  const reader = new EnvReader(env);
  let killed = 0;
  const faults = readFaults(reader, ['stored'], () => {
    killed += 1;
  });
  reader.check();
  return { faults, killed: () => killed };
}

/** Whether the promise is still pending after everything that was due has happened. */
async function hangs(promise: Promise<void>): Promise<boolean> {
  const later = new Promise<'later'>((resolve) => setImmediate(() => resolve('later')));
  return (await Promise.race([promise.then(() => 'done'), later])) === 'later';
}

test('without FAULT_AT nothing happens, in production too', async () => {
  const { faults, killed } = read({ NODE_ENV: 'production' });
  await faults.at('stored');
  expect(killed()).toBe(0);
});

test('kill kills at its point only, and nothing goes on behind it', async () => {
  const { faults, killed } = read({ FAULT_AT: 'stored:kill' });
  await faults.at('message-begun');
  expect(killed()).toBe(0);
  expect(await hangs(faults.at('stored'))).toBe(true);
  expect(killed()).toBe(1);
});

test('hang never goes on, delay does', async () => {
  const { faults, killed } = read({ FAULT_AT: 'message-begun:hang, stored:delay=20' });
  expect(await hangs(faults.at('message-begun'))).toBe(true);
  const from = performance.now();
  await faults.at('stored');
  expect(performance.now() - from).toBeGreaterThanOrEqual(18); // timers may fire a little early
  expect(killed()).toBe(0);
});

test.for<[string, Env, string]>([
  ['an unknown point', { FAULT_AT: 'sold:kill' }, 'this service has message-begun, stored'],
  ['an unknown fault', { FAULT_AT: 'stored:explode' }, 'write "<point>:kill"'],
  ['a delay without a number', { FAULT_AT: 'stored:delay=' }, 'write "<point>:kill"'],
  ['a delay beyond an hour', { FAULT_AT: 'stored:delay=3600001' }, 'write "<point>:kill"'],
  ['production', { FAULT_AT: 'stored:hang', NODE_ENV: 'production' }, 'in production'],
])('%s is refused', ([, env, problem]) => {
  expect(() => read(env)).toThrow(problem);
});
