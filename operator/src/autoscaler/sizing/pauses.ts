import type { Tuning } from './tuning.ts';

/** A kind of pause that is measured from time to time. */
export interface Pause {
  /** Seconds, the newest last. */
  readonly observed: readonly number[];
  /** Epoch milliseconds since which one lasts. */
  readonly since: number | undefined;
}

export const noPause: Pause = { observed: [], since: undefined };

/** A pause begins, or begins again. */
export function begin(pause: Pause, at: number): Pause {
  return { ...pause, since: at };
}

/** It is over, if there was one; what lasted too long was something else. */
export function end(pause: Pause, now: number, { maxPauseSeconds, pausesKept }: Tuning): Pause {
  if (pause.since === undefined) return pause;
  const seconds = (now - pause.since) / 1000;
  if (seconds < 0 || seconds > maxPauseSeconds) return { ...pause, since: undefined };
  return { observed: [...pause.observed, seconds].slice(-pausesKept), since: undefined };
}

/** The longest of the last ones; until there is one, a guess. */
export function longest({ observed }: Pause, guess: number): number {
  return observed.length === 0 ? guess : Math.max(...observed);
}
