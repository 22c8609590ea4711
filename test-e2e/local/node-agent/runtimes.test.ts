import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { findImage } from '../images.ts';
import { readLivePid } from '../pidfile.ts';
import { aContainer, aPod } from './fixtures.ts';
import { killLeftovers } from './leftovers.ts';
import { LightRuntime } from './light-runtime.ts';
import { podProcess } from './pod-process.ts';
import { createProcessRuntime } from './process-runtime.ts';
import type { ContainerStart, RunningContainer } from './runtime.ts';

const dir = mkdtempSync(join(tmpdir(), 'runtimes-'));
const light = new LightRuntime(dir, 'n1');
const processes = createProcessRuntime('n1');
const running: RunningContainer[] = [];
afterEach(async () => {
  for (const container of running) container.kill();
  await Promise.all(running.splice(0).map((container) => container.exited));
});

const soon = { timeout: 10_000 };
const sleepProgram = findImage('lagscaler/sleep');

function startOf(name: string, env: Record<string, string>, script?: string): ContainerStart {
  return {
    pod: aPod({}, { name, uid: `uid-${name}` }),
    container: aContainer(),
    image: sleepProgram,
    command: ['sh', '-c', script ?? 'exec sleep 60'],
    env: { PATH: process.env['PATH'] ?? '', HTTP_PORT: '0', HOSTNAME: name, ...env },
    cwd: dir,
    logFile: join(dir, 'logs', 'pods', `shop_${name}_main.log`),
    pidFile: join(dir, 'pods', `uid-${name}`, 'main.pid'),
  };
}

async function startProcess(name: string, script?: string): Promise<RunningContainer> {
  const container = await processes.start(startOf(name, {}, script));
  running.push(container);
  return container;
}

async function startLight(name: string, env: Record<string, string> = {}) {
  const container = await light.start(startOf(name, env));
  running.push(container);
  await container.settled;
  return container;
}

const log = (name: string) =>
  readFileSync(join(dir, 'logs', 'pods', `shop_${name}_main.log`), 'utf8');

/** The process that a light pod's log names. */
async function hostOf(name: string): Promise<number> {
  const pid = () => Number(/in process (\d+)/.exec(log(name))?.[1]);
  await expect.poll(pid, soon).toBeGreaterThan(0);
  return pid();
}

test.for([
  ['its exit code', 'exit 3', { exitCode: 3 }],
  ['the signal that ended it', 'kill -9 $$', { exitCode: 137, signal: 9 }],
] as const)('process: a container ends with %s', async ([, script, expected]) => {
  const container = await startProcess('ends', script);
  await expect(container.exited).resolves.toEqual(expected);
});

test('process: SIGTERM reaches it, its output is in the log of its name, runs are separated', async () => {
  const script = 'echo hello; trap "exit 5" TERM; while :; do sleep 0.05; done';
  const container = await startProcess('talks', script);
  await expect.poll(() => log('talks'), soon).toContain('hello');
  container.terminate();
  await expect(container.exited).resolves.toEqual({ exitCode: 5 });
  await (await startProcess('talks', 'echo again')).exited;
  expect(log('talks').match(/--- container started/g)).toHaveLength(2);
  expect(log('talks')).toMatch(/hello[\s\S]*again/);
});

test('process: what a container left behind ends with it', async () => {
  const container = await startProcess('parent', 'sleep 60 & echo child $!; exit 0');
  await container.exited;
  const child = Number(/child (\d+)/.exec(log('parent'))?.[1]);
  const alive = () => {
    try {
      return !readFileSync(`/proc/${child}/stat`, 'utf8').includes(') Z ');
    } catch {
      return false;
    }
  };
  await expect.poll(alive, soon).toBe(false);
});

test('process: a program that does not exist is an error, not a container', async () => {
  const start = startOf('missing', {});
  await expect(processes.start({ ...start, command: ['/no/such/program'] })).rejects.toThrow(
    'ENOENT',
  );
});

test('podProcess finds the process by its pod, also after the agent is gone', async () => {
  const container = await startProcess('findme');
  const pid = podProcess(dir, 'shop', 'findme');
  expect(readLivePid(join(dir, 'pods', 'uid-findme', 'main.pid'))).toBe(pid);
  expect(() => podProcess(dir, 'shop', 'nobody')).toThrow('no process of its own');
  await expect(killLeftovers(dir, 'another-node')).resolves.toBe(0);
  await expect(killLeftovers(dir, 'n1')).resolves.toBe(1);
  await expect(container.exited).resolves.toMatchObject({ exitCode: 137 });
});

test('light: pods of one image share a process; each has its own log and its own end', async () => {
  const [a, b] = await Promise.all([startLight('a'), startLight('b', { NOTE: 'mine' })]);
  await expect.poll(() => log('b'), soon).toContain('b started, note: mine');
  expect(await hostOf('a')).toBe(await hostOf('b'));
  expect(log('a')).not.toContain('mine');
  a.terminate();
  await expect(a.exited).resolves.toEqual({ exitCode: 0 });
  await expect.poll(() => log('a'), soon).toContain('stopped');
  b.terminate();
  await expect(b.exited).resolves.toEqual({ exitCode: 0 });
});

test('light: an exit code is reported', async () => {
  const container = await startLight('c', { EXIT_AFTER_MS: '1', EXIT_CODE: '7' });
  await expect(container.exited).resolves.toEqual({ exitCode: 7 });
});

test('light: a pod that cannot start ends with the reason', async () => {
  const container = await startLight('d', { HTTP_PORT: '99999' });
  await expect(container.exited).resolves.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining('99999'),
  });
});

test('light: a pod that ignores its stop is killed without its neighbours', async () => {
  const stubborn = await startLight('e', { IGNORE_SIGTERM: 'true' });
  const neighbour = await startLight('f');
  stubborn.terminate();
  stubborn.kill();
  await expect(stubborn.exited).resolves.toEqual({ exitCode: 137, signal: 9 });
  neighbour.terminate();
  await expect(neighbour.exited).resolves.toEqual({ exitCode: 0 });
});

test('light: the death of the shared process is the death of each of its pods', async () => {
  const pods = await Promise.all([startLight('g'), startLight('h')]);
  process.kill(await hostOf('g'), 'SIGKILL');
  for (const pod of pods) {
    await expect(pod.exited).resolves.toEqual({ exitCode: 137, signal: 9 });
  }
});
