import type { Logger } from './log.ts';
import { orAborted, pause } from './time.ts';

export interface RetryOptions {
  /** Whether the same attempt may succeed later; any other error ends the trying. */
  isTransient(error: unknown): boolean;
  /** Hears of each failed attempt: a sign of life. */
  onRetry(): void;
  /** Ends the trying: the moment when a shutdown waits no longer. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** For the log: what is being tried. */
  readonly what: string;
}

const firstPauseMs = 50;
const longestPauseMs = 2_000;
/** Many messages may be tried side by side for a long time. */
const loggedEvery = 10;

/**
 * Tries until it is done. The pause between attempts grows to 2 s and is random from its half to the
 * whole, so that many pods do not come back all at once.
 * @param attempt must come to an end by itself, in a few seconds
 * @throws the first error that is not transient; the signal's reason once it aborts
 */
export async function untilDone<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  { isTransient, onRetry, signal, log, what }: RetryOptions,
): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    signal.throwIfAborted();
    try {
      return await orAborted(attempt(signal), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      if (failures % loggedEvery === 0) {
        log.warn({ err: error, what, failures: failures + 1 }, 'no success yet, trying again');
      }
      onRetry();
    }
    const upperMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures, 10));
    await pause(upperMs * (0.5 + Math.random() / 2), signal);
  }
}
