import { turnMs } from '../turns.ts';
import type { Tuning } from './tuning.ts';

/** The commits of one partition, as a reading shows them. */
export interface PartitionCommits {
  /** `topic/partition`. */
  readonly key: string;
  /** Records; undefined while unknown. */
  readonly lag: bigint | undefined;
  readonly committed: bigint | undefined;
  /** Epoch milliseconds since which its commit has been where it is, as far as anybody watched. */
  readonly stillSince: number;
  /** It has stood still with lag for long while others moved. */
  readonly stalled: boolean;
}

/** Per `topic/partition`: the committed offset a partition is stuck at. */
export type Latched = ReadonlyMap<string, bigint>;

export interface Stalls {
  /** A poison pill: no number of replicas can help. */
  readonly stalled: Latched;
  /** Perhaps one: not counted in this tick. */
  readonly suspected: ReadonlySet<string>;
}

export const noStalls: Stalls = { stalled: new Map(), suspected: new Set() };

/** When, and how fast the group reads just then. */
export interface Moment {
  readonly now: number;
  /** Records per second; undefined while unknown. */
  readonly consumptionRate: number | undefined;
}

/**
 * What is stuck, or may be. A stalled partition is latched until its commit moves, in whatever direction:
 * a pause of the others or a restart does not free it.
 */
export function stallsOf(
  partitions: readonly PartitionCommits[],
  latched: Latched,
  moment: Moment,
  tuning: Tuning,
): Stalls {
  const stalled = new Map<string, bigint>();
  const free: PartitionCommits[] = [];
  for (const p of partitions) {
    const stuckAt = stuckOffset(p, latched.get(p.key));
    if (stuckAt === undefined) free.push(p);
    else stalled.set(p.key, stuckAt);
  }
  return { stalled, suspected: suspectsAmong(free, moment, tuning) };
}

/** @param latchedAt where it was stuck before; an unknown commit has not moved */
function stuckOffset(p: PartitionCommits, latchedAt: bigint | undefined): bigint | undefined {
  if (p.lag === 0n) return undefined;
  const committed = p.committed ?? latchedAt;
  const isLatched = latchedAt !== undefined && committed === latchedAt;
  return isLatched || p.stalled ? committed : undefined;
}

/** Still with lag for a while, and for longer than until its turn, while at least half of the others moved. */
function suspectsAmong(
  free: readonly PartitionCommits[],
  { now, consumptionRate }: Moment,
  { suspectAfterSeconds }: Tuning,
): ReadonlySet<string> {
  const suspected = new Set<string>();
  const others = free.length - 1;
  const waiting = free.reduce((sum, { lag = 0n }) => sum + Number(lag), 0);
  const times = free.map((p) => p.stillSince).sort((a, b) => a - b);
  for (const { key, lag = 0n, stillSince } of free) {
    const turn = turnMs(waiting - Number(lag), consumptionRate);
    if (lag <= 0n || now - stillSince < Math.max(suspectAfterSeconds * 1000, turn)) continue;
    const movedSince = times.length - countUpTo(times, stillSince);
    if (others > 0 && movedSince * 2 >= others) suspected.add(key);
  }
  return suspected;
}

/** How many of the ascending times are at most this one. */
function countUpTo(times: readonly number[], limit: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
