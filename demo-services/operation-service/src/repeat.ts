import type { Logger } from '@lagscaler/demo-shared/log.ts';
import { pause } from '@lagscaler/demo-shared/time.ts';

export interface Repetition {
  readonly what: string;
  /** @returns milliseconds until the next round */
  readonly round: () => Promise<number>;
  /** After a round that failed, in milliseconds. */
  readonly pauseAfterErrorMs: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Round after round until the signal aborts; a failure is told once, when it begins. Never rejects. */
export async function repeat({ signal, log, what, ...options }: Repetition): Promise<void> {
  let failing = false;
  while (!signal.aborted) {
    let restMs = options.pauseAfterErrorMs;
    try {
      restMs = await options.round();
      if (failing) log.info({ what }, 'goes on again');
      failing = false;
    } catch (error) {
      if (!failing && !signal.aborted) log.warn({ err: error, what }, 'failed, trying on');
      failing = true;
    }
    await pause(restMs, signal);
  }
}
