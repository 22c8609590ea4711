import type { ScaleEvent } from '../types.ts';
import type { Tuning } from './tuning.ts';

/** Scale-downs that had to be undone soon: the next one waits longer. */
export interface Regret {
  /** How many in a row. */
  readonly undone: number;
  /** Epoch milliseconds of the last scale-down that may still be; undefined when there is none. */
  readonly downAt: number | undefined;
  /** Epoch milliseconds of the last change of the size that was looked at. */
  readonly lookedAt: number;
}

export const noRegret: Regret = { undone: 0, downAt: undefined, lookedAt: 0 };

/** What did not help was taken back: nobody regrets that when it is over. */
export function withoutRegret(before: Regret, events: readonly ScaleEvent[]): Regret {
  return { ...before, downAt: undefined, lookedAt: events.at(-1)?.at ?? before.lookedAt };
}

/** @param events changes of the size, oldest first */
export function regretAfter(before: Regret, events: readonly ScaleEvent[], tuning: Tuning): Regret {
  let regret = before;
  for (const event of events)
    if (event.at > before.lookedAt) regret = afterEvent(regret, event, tuning);
  return regret;
}

function afterEvent(
  { undone, downAt }: Regret,
  { at, change }: ScaleEvent,
  { regretSeconds }: Tuning,
): Regret {
  if (change < 0) return { undone, downAt: at, lookedAt: at };
  // The second of two scale-ups in a row undoes nothing.
  if (downAt === undefined) return { undone, downAt, lookedAt: at };
  const isSoon = at - downAt < regretSeconds * 1000;
  return { undone: isSoon ? undone + 1 : 0, downAt: undefined, lookedAt: at };
}

/** Seconds for which the largest size that was needed is kept: twice as long after each one undone. */
export function downWindow({ undone }: Regret, tuning: Tuning): number {
  return tuning.downWindowSeconds * Math.min(2 ** undone, tuning.maxRegretFactor);
}
