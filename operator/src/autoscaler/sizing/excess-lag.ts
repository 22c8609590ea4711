import type { Tuning } from './tuning.ts';

/** How long it takes until half of the remembered commit interval is forgotten. */
const halfLifeMs = 300_000;

/**
 * Lag without what is only not committed yet. Committed offsets trail by the commit interval: 5 s at
 * 10 000 records/s are 50 000 records of "lag" of a healthy group.
 */
export function excessLag(lag: number, arrivalRate: number, floorSeconds: number): number {
  return Math.max(0, lag - arrivalRate * floorSeconds);
}

/**
 * Seconds of arrivals that are no backlog: not committed yet, or young enough to be left to the next minutes.
 * @param spareSeconds what the objective leaves beside a rebalance
 */
export function lagFloor(commitSeconds: number, spareSeconds: number, tuning: Tuning): number {
  const { lagFloorSeconds, lagFloorShare } = tuning;
  return Math.max(lagFloorSeconds, 2 * commitSeconds, lagFloorShare * spareSeconds);
}

/** The commit interval as far as it was seen. */
export interface CommitInterval {
  readonly seconds: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/**
 * The longest pause between commits of the partition in the middle, of the recent minutes.
 * @param pauses seconds since the last commit of each partition that has something to commit
 */
export function commitIntervalAfter(
  before: CommitInterval | undefined,
  pauses: readonly number[],
  now: number,
): CommitInterval | undefined {
  const pause = pauses.toSorted((a, b) => a - b)[Math.floor(pauses.length / 2)];
  if (pause === undefined) return before;
  const ageMs = Math.max(0, now - (before?.at ?? now));
  const remembered = (before?.seconds ?? 0) * 0.5 ** (ageMs / halfLifeMs);
  return { seconds: Math.max(pause, remembered), at: now };
}
