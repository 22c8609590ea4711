import { pause } from '@lagscaler/demo-shared/time.ts';
import type { OperationStore } from './store.ts';

/** The long polls of this process: whoever waits for an operation to end. */
export interface Waiters {
  /**
   * Resolves when the operation has ended, after `waitMs`, when the signal aborts, or when this process
   * stops: whichever comes first. Never rejects.
   */
  ended(uuid: string, waitMs: number, signal: AbortSignal): Promise<void>;
  /** This process has just ended the operation: nobody here needs to wait for the next look. */
  wake(uuid: string): void;
  /** Everybody's waiting is over, now and later. */
  stop(): Promise<void>;
}

const batch = 500;

/**
 * One look at the store for all who wait, a few times a second and only while somebody waits: an
 * operation may be ended by any replica.
 * @param everyMs between two looks
 */
export function createWaiters(store: Pick<OperationStore, 'terminal'>, everyMs: number): Waiters {
  const waiting = new Map<string, Set<() => void>>();
  const stopping = new AbortController();
  let looking: Promise<void> | undefined;

  const wake = (uuid: string): void => {
    for (const resolve of waiting.get(uuid) ?? []) resolve();
  };

  const look = async (): Promise<void> => {
    const uuids = [...waiting.keys()];
    for (let from = 0; from < uuids.length; from += batch) {
      for (const uuid of await store.terminal(uuids.slice(from, from + batch))) wake(uuid);
    }
  };

  const lookWhileWaiting = async (): Promise<void> => {
    while (waiting.size > 0 && !stopping.signal.aborted) {
      await pause(everyMs, stopping.signal);
      // Whoever waits learns at the end of the wait that the store is down.
      await look().catch(() => undefined);
    }
    looking = undefined;
  };

  return {
    async ended(uuid, waitMs, signal) {
      const woken = Promise.withResolvers<void>();
      const others = waiting.get(uuid) ?? new Set();
      waiting.set(uuid, others.add(woken.resolve));
      looking ??= lookWhileWaiting();
      const over = AbortSignal.any([signal, stopping.signal]);
      const timer = new AbortController();
      try {
        await Promise.race([woken.promise, pause(waitMs, AbortSignal.any([over, timer.signal]))]);
      } finally {
        timer.abort();
        others.delete(woken.resolve);
        if (others.size === 0) waiting.delete(uuid);
      }
    },
    wake,
    async stop() {
      stopping.abort();
      await looking;
    },
  };
}
