import { expect, test } from 'vitest';
import { findImage } from '../images.ts';
import { ContainerRun } from './container-run.ts';
import { aContainer, aPod } from './fixtures.ts';
import type { Exit, RunningContainer } from './runtime.ts';
import type { Container } from './types.ts';

/** A container that notes what is done to it and ends by SIGKILL, and by SIGTERM when `polite`. */
function aRun(polite: boolean, fields: Partial<Container> = {}) {
  const done: string[] = [];
  const { promise: exited, resolve } = Promise.withResolvers<Exit>();
  const running: RunningContainer = {
    exited,
    settled: Promise.resolve(),
    terminate: () => {
      done.push('SIGTERM');
      if (polite) resolve({ exitCode: 0 });
    },
    kill: () => {
      done.push('SIGKILL');
      resolve({ exitCode: 137, signal: 9 });
    },
  };
  const container = aContainer(fields);
  const start = {
    ...{ pod: aPod(), container, image: findImage(container.image) },
    ...{ command: ['x'] as const, cwd: '/', logFile: '', pidFile: '' },
    env: { PATH: process.env['PATH'] ?? '' },
  };
  return { done, run: new ContainerRun(start, running, '127.0.0.1') };
}

const hookOf = (...command: string[]) => ({ lifecycle: { preStop: { exec: { command } } } });
const failures: string[] = [];
const end = (run: ContainerRun, graceMs: number) => run.end(graceMs, (why) => failures.push(why));

test.for<[string, boolean, Partial<Container>, number, string[]]>([
  ['a polite container gets SIGTERM only', true, {}, 5_000, ['SIGTERM']],
  ['a stubborn one gets SIGKILL after its grace', false, {}, 30, ['SIGTERM', 'SIGKILL']],
  ['without a grace there is only SIGKILL', true, {}, 0, ['SIGKILL']],
  ['a hook that fails does not keep it alive', true, hookOf('false'), 5_000, ['SIGTERM']],
  ['a hook that hangs is cut off', true, hookOf('sleep', '60'), 50, ['SIGTERM']],
])('%s', async ([, polite, fields, graceMs, expected]) => {
  const { done, run } = aRun(polite, fields);
  await end(run, graceMs);
  expect(done).toEqual(expected);
  expect(run.probes.signal.aborted).toBe(true);
});

test('a second call brings the kill forward and does not send SIGTERM again', async () => {
  const { done, run } = aRun(false);
  const first = end(run, 60_000);
  await end(run, 10);
  await first;
  expect(done).toEqual(['SIGTERM', 'SIGKILL']);
});

test('a second call with more time does not put the kill off', async () => {
  const { done, run } = aRun(false);
  const first = end(run, 30);
  void end(run, 60_000);
  await first;
  expect(done).toEqual(['SIGTERM', 'SIGKILL']);
});

test('why a hook failed is told', () => {
  expect(failures.join()).toMatch(/exit code 1.*within its timeout/);
});
