import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFrozen, readLivePid, readLiveRecord, writePidFile } from './pidfile.ts';
import { waitForFreePorts } from './ports.ts';
import { lastLines } from './run.ts';

/** A long-running program of the stack, as data: what it takes to start it again and to find it from its files. */
export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly pidFile: string;
  readonly logFile: string;
  /** Ports it listens on; a start waits until the one before has left them. */
  readonly ports: readonly number[];
  /** @param logOffset where in the log file this run begins, in bytes */
  readonly isReady: (signal: AbortSignal, logOffset: number) => Promise<boolean>;
  readonly readyWithinMs: number;
  /** From SIGTERM to SIGKILL; 0 kills at once. */
  readonly stopWithinMs: number;
}

/** What a test does to one part of the stack. Every call may be repeated. */
export interface ProcessControls {
  readonly name: string;
  readonly logFile: string;
  /** @returns undefined when it does not run */
  pid(): number | undefined;
  /**
   * Starts it, or keeps it when it runs and answers; a frozen one is resumed. One that does not answer, or was started
   * with other arguments, is replaced.
   * @throws Error with the end of its log when it ends early or is not ready in time
   */
  start(signal?: AbortSignal): Promise<'started' | 'already running'>;
  /** SIGTERM, then SIGKILL when it takes too long; returns when it has ended. */
  stop(): Promise<void>;
  /** SIGKILL; returns when it has ended. */
  kill(): Promise<void>;
  /** SIGSTOP: it keeps its connections and answers nothing. */
  freeze(): Promise<void>;
  /** SIGCONT; does not wait until it answers. */
  resume(): Promise<void>;
}

const pollEveryMs = 50;

export function controlsOf(spec: ProcessSpec): ProcessControls {
  const { name, logFile, pidFile } = spec;
  return {
    name,
    logFile,
    pid: () => readLivePid(pidFile),
    start: (signal = new AbortController().signal) => startProcess(spec, signal),
    stop: () => endProcess(pidFile, spec.stopWithinMs),
    kill: () => endProcess(pidFile, 0),
    async freeze() {
      const pid = readLivePid(pidFile);
      if (pid === undefined) throw new Error(`cannot freeze ${name}: it does not run`);
      process.kill(pid, 'SIGSTOP');
      await until(() => isFrozen(pid), 2000, `${name} did not stop`);
    },
    async resume() {
      sendSignal(readLivePid(pidFile), 'SIGCONT');
    },
  };
}

async function startProcess(
  spec: ProcessSpec,
  signal: AbortSignal,
): Promise<'started' | 'already running'> {
  const running = readLivePid(spec.pidFile);
  if (running !== undefined) {
    sendSignal(running, 'SIGCONT');
    if (isAsWanted(spec) && (await becomesReady(spec, 0, signal))) return 'already running';
    await endProcess(spec.pidFile, spec.stopWithinMs);
  }
  await waitForFreePorts(spec.ports, 10_000).catch((cause) => {
    throw new Error(`${spec.name} cannot start: ${cause.message}`, { cause });
  });
  const logOffset = existsSync(spec.logFile) ? statSync(spec.logFile).size : 0;
  await spawnDetached(spec);
  if (await becomesReady(spec, logOffset, signal)) return 'started';
  throw notReady(spec, logOffset);
}

/** A part that runs with other settings than it should is started anew. */
function isAsWanted(spec: ProcessSpec): boolean {
  return readLiveRecord(spec.pidFile)?.labels?.['spec'] === fingerprint(spec);
}

function fingerprint({ command, args, env }: ProcessSpec): string {
  const text = JSON.stringify([command, args, env]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** It leads a process group of its own and writes to a file, so that it outlives us and no terminal signal reaches it. */
async function spawnDetached(spec: ProcessSpec): Promise<void> {
  const { command, args, env, logFile, pidFile } = spec;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...env },
  });
  closeSync(log);
  child.unref();
  if (child.pid !== undefined) return writePidFile(pidFile, child.pid, { spec: fingerprint(spec) });
  // Without a pid there is an `error` event to come, which says why.
  await new Promise((_, reject) =>
    child.once('error', (cause) => reject(new Error(`${command} cannot be run`, { cause }))),
  );
}

/** @returns false when it ended, or was not ready within its time */
async function becomesReady(
  spec: ProcessSpec,
  logOffset: number,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = AbortSignal.timeout(spec.readyWithinMs);
  const either = AbortSignal.any([signal, deadline]);
  while (!deadline.aborted && readLivePid(spec.pidFile) !== undefined) {
    signal.throwIfAborted();
    if (await spec.isReady(either, logOffset).catch(() => false)) return true;
    await sleep(pollEveryMs);
  }
  return false;
}

function notReady(spec: ProcessSpec, logOffset: number): Error {
  const alive = readLivePid(spec.pidFile) !== undefined;
  const what = alive
    ? `was not ready within ${spec.readyWithinMs / 1000} s`
    : 'ended before it was ready';
  return new Error(
    `${spec.name} ${what}. The end of ${spec.logFile}:\n${lastLines(logSince(spec.logFile, logOffset), 15)}`,
  );
}

/** What a log file holds from a byte on; empty when there is no file yet. */
export function logSince(logFile: string, offset: number): string {
  return existsSync(logFile) ? readFileSync(logFile).subarray(offset).toString('utf8') : '';
}

/**
 * Ends the process that a pid file names, and removes the file. A process that is not the one recorded is left alone.
 * @param graceMs from SIGTERM to SIGKILL; 0 kills at once
 */
export async function endProcess(pidFile: string, graceMs: number): Promise<void> {
  const gone = () => readLivePid(pidFile) === undefined;
  if (graceMs > 0 && !gone()) {
    sendSignal(readLivePid(pidFile), 'SIGTERM');
    sendSignal(readLivePid(pidFile), 'SIGCONT'); // a frozen process sees SIGTERM only when it goes on
    await until(gone, graceMs, '').catch(() => {}); // too slow: SIGKILL
  }
  sendSignal(readLivePid(pidFile), 'SIGKILL');
  await until(gone, 10_000, `the process of ${pidFile} survives SIGKILL`);
  rmSync(pidFile, { force: true });
}

function sendSignal(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It may have ended since we looked; anything else, such as a missing permission, must be seen.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Polls a condition.
 * @throws Error with `otherwise` when it does not hold within `withinMs`
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
  otherwise: string,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(otherwise);
    await sleep(pollEveryMs);
  }
}
