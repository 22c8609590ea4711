import type { Logger } from './log.ts';
import { orAborted } from './time.ts';

export interface RunningService {
  /** Begins the shutdown; resolves when it is over. Calling it again only waits. */
  stop(): Promise<void>;
  /** The exit code: 0 after a clean stop, 1 when something was left undone. */
  readonly exited: Promise<number>;
}

export interface ShutdownOptions {
  /** For all steps together. */
  readonly timeoutMs: number;
  /** In the order in which they must end. Each has up to 2 s left when its turn comes, however late. */
  readonly steps: readonly (() => Promise<void>)[];
  /** Aborted when only the time to close is left: whatever still waits gives up. */
  readonly giveUp: AbortController;
  readonly log: Logger;
}

export function createRunningService(options: ShutdownOptions): RunningService {
  const exit = Promise.withResolvers<number>();
  let stopped: Promise<void> | undefined;
  return {
    exited: exit.promise,
    stop() {
      stopped ??= shutDown(options).then(exit.resolve);
      return stopped;
    },
  };
}

/** Kept for each step, so that a late shutdown leaves its group and closes its connections too. */
const longestShareMs = 2_000;

async function shutDown({ timeoutMs, steps, giveUp, log }: ShutdownOptions): Promise<number> {
  const startedAt = performance.now();
  const shareMs = Math.min(longestShareMs, timeoutMs / (2 * steps.length));
  let failed = false;
  for (const [index, step] of steps.entries()) {
    const sharesAfter = steps.length - 1 - index;
    const leftMs = startedAt + timeoutMs - sharesAfter * shareMs - performance.now();
    try {
      await endWithin(step, leftMs, shareMs, giveUp);
    } catch (error) {
      failed = true;
      log.error({ err: error }, 'shutdown step failed');
    }
  }
  // A step that ends well because it gave up has left something undone.
  const code = failed || giveUp.signal.aborted ? 1 : 0;
  log.info({ code, durationMs: Math.round(performance.now() - startedAt) }, 'stopped');
  return code;
}

/** Waits patiently at first; in its last `shareMs` the step shall only close what it has open. */
async function endWithin(
  step: () => Promise<void>,
  leftMs: number,
  shareMs: number,
  giveUp: AbortController,
): Promise<void> {
  const over = new AbortController();
  const abortAfter = (controller: AbortController, ms: number) =>
    setTimeout(() => controller.abort(new Error('the shutdown took too long')), Math.max(1, ms));
  const timers = [abortAfter(giveUp, leftMs - shareMs), abortAfter(over, leftMs)];
  try {
    await orAborted(step(), over.signal);
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}
