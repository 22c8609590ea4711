import type { Logger } from '@lagscaler/demo-shared/log.ts';
import { pause } from '@lagscaler/demo-shared/time.ts';
import type { SweepTurn } from './sweep-turn.ts';

export interface SweeperOptions {
  /**
   * @param now epoch milliseconds
   * @param stopping asks it to come to an early end
   */
  readonly sweep: (now: number, stopping: AbortSignal) => Promise<void>;
  readonly turn: SweepTurn;
  /** Why not now, such as an outage of Kafka, during which senders are only slow. */
  readonly notReady: () => string | undefined;
  /** From one sweep of all replicas to the next, at least. */
  readonly everyMs: number;
  readonly log: Logger;
}

export interface Sweeper {
  /** Asks the sweep in hand to end early, and waits for it. */
  stop(): Promise<void>;
}

/** Sweeps now and then; a failure is logged, and the next turn tries again. */
export function startSweeper(options: SweeperOptions): Sweeper {
  const stopping = new AbortController();
  const ended = keepSweeping(options, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

async function keepSweeping(options: SweeperOptions, signal: AbortSignal): Promise<void> {
  const { notReady, everyMs, log } = options;
  while (!signal.aborted) {
    await pause(everyMs * (0.5 + Math.random() / 2), signal); // else all replicas ask at once
    if (signal.aborted || notReady() !== undefined) continue;
    try {
      await sweepInTurn(options, signal);
    } catch (error) {
      log.warn({ err: error }, 'cannot sweep');
    }
  }
}

async function sweepInTurn(
  { sweep, turn, everyMs }: SweeperOptions,
  stopping: AbortSignal,
): Promise<void> {
  const now = Date.now();
  if (!(await turn.take(now, now + everyMs))) return;
  const startedAt = performance.now();
  await sweep(now, stopping);
  // A database without a fast index is not kept busy by looking.
  const restMs = 10 * (performance.now() - startedAt);
  if (restMs > everyMs) await turn.postpone(Date.now() + restMs);
}
