import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isFrozen, readLivePid, writePidFile } from './pidfile.ts';
import { controlsOf, endProcess, logSince, type ProcessSpec, until } from './process.ts';

let dir: string;
const pidFile = () => join(dir, 'run', 'x.pid');

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'process-'));
});
afterEach(async () => {
  await endProcess(pidFile(), 0);
  rmSync(dir, { recursive: true });
});

/** A program of a few lines of shell that is ready once it has printed `ready`. */
function program(script: string, changes: Partial<ProcessSpec> = {}) {
  const logFile = join(dir, 'x.log');
  return controlsOf({
    name: 'x',
    command: 'sh',
    args: ['-c', script],
    pidFile: pidFile(),
    logFile,
    ports: [],
    isReady: async (_signal, offset) => logSince(logFile, offset).includes('ready'),
    readyWithinMs: 5000,
    stopWithinMs: 2000,
    ...changes,
  });
}
const sleeper = 'echo ready; exec sleep 60';

test('a process that runs is kept, not started twice', async () => {
  const first = program(sleeper);
  expect(await first.start()).toBe('started');
  const pid = first.pid();
  expect(await program(sleeper).start()).toBe('already running');
  expect(first.pid()).toBe(pid);
});

test('a process with other arguments is replaced', async () => {
  await program(sleeper).start();
  const other = program('echo ready; exec sleep 61');
  const before = other.pid();
  expect(await other.start()).toBe('started');
  expect(other.pid()).not.toBe(before);
});

test('a frozen process is resumed by a start, and ended by a stop', async () => {
  const part = program(sleeper);
  await part.start();
  const pid = part.pid() ?? 0;
  await part.freeze();
  expect(isFrozen(pid)).toBe(true);
  expect(await part.start()).toBe('already running');
  await until(() => !isFrozen(pid), 2000, 'still frozen');
  await part.freeze();
  await part.stop();
  expect(part.pid()).toBeUndefined();
});

test('a process that ignores SIGTERM is killed', async () => {
  const part = program("trap '' TERM; echo ready; while :; do sleep 0.1; done", {
    stopWithinMs: 200,
  });
  await part.start();
  await part.stop();
  expect(part.pid()).toBeUndefined();
  expect(existsSync(pidFile())).toBe(false);
});

test('a process that ends early is reported with the end of its log', async () => {
  const started = program('echo no such option; exit 1').start();
  await expect(started).rejects.toThrow(/ended before it was ready(.|\n)*no such option/);
});

test('a process that is not ready in time is reported as such', async () => {
  const slow = program('exec sleep 60', { readyWithinMs: 200 });
  await expect(slow.start()).rejects.toThrow('was not ready within 0.2 s');
});

test('the ready line of an earlier run does not count', async () => {
  const part = program(sleeper, { readyWithinMs: 300 });
  await part.start();
  await part.kill();
  writeFileSync(join(dir, 'x.log'), 'ready\n');
  await expect(program('exec sleep 60', { readyWithinMs: 300 }).start()).rejects.toThrow(
    'not ready',
  );
});

test('a program that does not exist is reported', async () => {
  await expect(program('', { command: '/no/such/program' }).start()).rejects.toThrow(
    'cannot be run',
  );
});

test('freezing what does not run is an error', async () => {
  await expect(program(sleeper).freeze()).rejects.toThrow('does not run');
});

test('a pid that was given to another process is never touched', async () => {
  const stranger = spawn('sleep', ['60']);
  try {
    writePidFile(pidFile(), stranger.pid ?? 0);
    expect(readLivePid(pidFile())).toBe(stranger.pid);
    const record = JSON.parse(readFileSync(pidFile(), 'utf8'));
    writeFileSync(pidFile(), JSON.stringify({ ...record, startTime: '1' }));
    expect(readLivePid(pidFile())).toBeUndefined();
    await endProcess(pidFile(), 0);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  } finally {
    stranger.kill('SIGKILL');
  }
});

test.for([
  ['an empty file', ''],
  ['half a record', '{"pid": 1'],
  ['another format', '1234'],
] as const)('%s names no process', ([, text]) => {
  const file = join(dir, 'pid');
  writeFileSync(file, text);
  expect(readLivePid(file)).toBeUndefined();
});
