import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { writePidFile } from '../pidfile.ts';
import type { ContainerRuntime, ContainerStart, Exit, RunningContainer } from './runtime.ts';
import { untilSettled } from './settled.ts';

/** One process per container, in a process group of its own; its output goes straight to the log. */
export function createProcessRuntime(node: string): ContainerRuntime {
  return { start: (start) => startProcess(start, node) };
}

async function startProcess(start: ContainerStart, node: string): Promise<RunningContainer> {
  const { pod, container } = start;
  const [file, ...args] = start.command;
  const log = openLog(start.logFile);
  let child: ChildProcess;
  try {
    child = spawn(file, args, {
      cwd: start.cwd,
      env: start.env,
      stdio: ['ignore', log, log],
      detached: true, // a group of its own: signals reach what the container started, too
    });
    await spawned(child);
  } finally {
    closeSync(log);
  }
  const pid = child.pid ?? 0;
  const { namespace, name } = pod.metadata;
  writePidFile(start.pidFile, pid, { node, namespace, pod: name, container: container.name });
  const ended = new AbortController();
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      ended.abort();
      signalGroup(pid, 'SIGKILL'); // what is left of a container ends with its first process
      rmSync(start.pidFile, { force: true });
      resolve(toExit(code, signal));
    });
  });
  return {
    exited,
    settled: untilSettled(pid, ended.signal),
    terminate: () => signalGroup(pid, 'SIGTERM'),
    kill: () => signalGroup(pid, 'SIGKILL'),
  };
}

/** Opens a log to append; a line separates it from an earlier run's. */
function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  const log = openSync(path, 'a');
  writeSync(log, `--- container started ${new Date().toISOString()} ---\n`);
  return log;
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}

function toExit(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (signal === null) return { exitCode: code ?? 0 };
  const number = constants.signals[signal];
  return { exitCode: 128 + number, signal: number };
}

/** Signals a process group; a group that is gone is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: nobody is left
  }
}
