import { execFile } from 'node:child_process';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Measured } from './measure.ts';

const repository = resolve(import.meta.dirname, '../../..');
const main = join(repository, 'operator/src/cli/main.ts');

/** What one simulation of the same trace says. */
export interface Predicted {
  readonly replicaHours: number;
  readonly actions: number;
  readonly maxAgeSeconds: number;
  readonly scalings: readonly {
    readonly seconds: number;
    readonly from: number;
    readonly to: number;
  }[];
}

export interface Question {
  readonly trace: string;
  readonly scaler: string;
  readonly partitions: number;
  readonly startReplicas: number;
  readonly capacityPerReplica: number;
  readonly measured: Measured;
}

/** What `lagscaler backtest` is told: all of it measured in the real run. */
export function argsOf(question: Question): readonly string[] {
  const { startSeconds, pauseSeconds } = question.measured;
  return [
    ...['backtest', '--trace', relative(repository, question.trace)],
    ...['--scaler', relative(repository, question.scaler)],
    ...['--partitions', `${question.partitions}`, '--start-replicas', `${question.startReplicas}`],
    ...['--rate-per-replica', question.capacityPerReplica.toFixed(2)],
    ...[
      '--start-seconds',
      startSeconds.join('-'),
      '--rebalance',
      `eager:${Math.max(1, Math.round(pauseSeconds))}`,
    ],
    ...['--commit-seconds', '1', '--noise', '0'],
  ];
}

/** @throws Error with what the command said when it fails */
export async function predict(question: Question, seed: number): Promise<Predicted> {
  const args = [main, ...argsOf(question), '--seed', `${seed}`, '--explain', '-o', 'json'];
  const options = { cwd: repository, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  const { replicaHours, actions, maxAgeSeconds, scalings } = JSON.parse(stdout) as Predicted;
  return { replicaHours, actions, maxAgeSeconds, scalings };
}
