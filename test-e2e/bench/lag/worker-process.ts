import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { peakRssMiB, shippedNodeOptions } from '../proc.ts';
import type { News, Orders, Tick } from './worker-protocol.ts';

export const clients = ['lagscaler', 'kafkajs'] as const;
export type ClientName = (typeof clients)[number];

export interface WorkerRun {
  readonly ticks: readonly Tick[];
  /** The most resident memory up to the end of the last tick. */
  readonly rssMiB: number;
}

export interface WorkerOptions {
  /** Appended to, with what the process says. */
  readonly logFile: string;
  /** A folder for a CPU profile of the whole process. */
  readonly profileTo: string | undefined;
  readonly signal: AbortSignal;
  /** Hears how many ticks have read all their groups, in the quiet after each. */
  readonly onRead: (ticks: number) => void;
}

/** Runs a client to its end, in a process of its own with the memory limits that the operator is shipped with. */
export async function runClient(
  client: ClientName,
  orders: Orders,
  { logFile, profileTo, signal, onRead }: WorkerOptions,
): Promise<WorkerRun> {
  const log = openSync(logFile, 'a');
  const profile = profileTo ? ['--cpu-prof', `--cpu-prof-dir=${profileTo}`] : [];
  const program = join(import.meta.dirname, `worker-${client}.ts`);
  const child = spawn(process.execPath, [...profile, program, JSON.stringify(orders)], {
    stdio: ['ignore', log, log, 'ipc'],
    env: {
      ...process.env, // the operator's variables count here too
      NODE_ENV: 'production',
      NODE_OPTIONS: process.env['OPERATOR_NODE_OPTIONS'] ?? shippedNodeOptions('deploy/operator'),
    },
    signal,
    killSignal: 'SIGKILL',
  });
  closeSync(log);
  const ticks: Tick[] = [];
  let read = 0;
  let rssMiB = 0;
  child.on('message', (news: News) => {
    if (child.pid !== undefined) rssMiB = peakRssMiB(child.pid);
    if (news.kind === 'read') return onRead(++read);
    const { kind: _, ...tick } = news;
    ticks.push(tick);
  });
  const [code, killed] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${client} ended with ${code ?? killed}; its log is ${logFile}`);
  return { ticks, rssMiB };
}
