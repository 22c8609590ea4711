import type { Tuning } from './tuning.ts';

/** One consumer over some time. Lag in records. */
export interface WatchedConsumer {
  readonly seconds: number;
  /** Records per second it committed. */
  readonly consumptionRate: number;
  readonly minLag: number;
  readonly lagStart: number;
  readonly lagNow: number;
}

/** What is known of one replica; records per second. */
export interface LearnedCapacity {
  /** Throughput of one replica while it had more work than it could do, oldest first. */
  readonly samples: readonly number[];
  /** Epoch milliseconds of the last sample. */
  readonly sampledAt: number | undefined;
  /** It did at least this much once; undefined while it never did anything. */
  readonly lowerBound: number | undefined;
}

export const nothingLearned: LearnedCapacity = {
  samples: [],
  sampledAt: undefined,
  lowerBound: undefined,
};

/** What one replica can do, records per second; each is undefined while unknown. */
export interface Capacity {
  readonly perReplica: number | undefined;
  /** Less than `perReplica` while it just now does less under full load. */
  readonly thisTick: number | undefined;
  /** It can do at least this. */
  readonly lowerBound: number | undefined;
}

/** Throughput is capacity only while there is more work than one can do; otherwise it is the arrival rate. */
export function isSaturated(c: WatchedConsumer, tuning: Tuning): boolean {
  const { saturatedGrowth, saturatedGrowthSeconds } = tuning;
  if (wasNeverIdle(c, tuning)) return true;
  const grew = c.lagNow - c.lagStart > saturatedGrowth * c.consumptionRate * c.seconds;
  return grew && c.lagNow > saturatedGrowthSeconds * c.consumptionRate;
}

function wasNeverIdle(c: WatchedConsumer, { saturatedSeconds }: Tuning): boolean {
  return c.minLag > saturatedSeconds * c.consumptionRate;
}

/**
 * Records per second of one consumer at full speed: the median of those that are. One that does less than
 * another that is not even busy is held up by something else, such as a record it cannot process. And where
 * lag has only begun to grow, one that does less than it did before: a rebalance that nobody has told of yet.
 * @param proven what one consumer has done before, records per second; 0 while nothing was seen
 * @returns undefined when none is; a rate of zero is never a capacity
 */
export function sampleOf(
  consumers: readonly WatchedConsumer[],
  tuning: Tuning,
  proven = 0,
): number | undefined {
  const isBusy = (c: WatchedConsumer) =>
    isSaturated(c, tuning) &&
    (wasNeverIdle(c, tuning) || c.consumptionRate >= tuning.fullSpeedShare * proven);
  const rateOf = (c: WatchedConsumer) => c.consumptionRate;
  const atEase = Math.max(0, ...consumers.filter((c) => !isBusy(c)).map(rateOf));
  const rates = consumers.filter(isBusy).map(rateOf);
  return median(rates.filter((rate) => rate > 0 && rate >= tuning.fullSpeedShare * atEase));
}

/** The fastest consumer shows what one can do at least. */
export function lowerBoundOf(consumers: readonly WatchedConsumer[]): number | undefined {
  const fastest = Math.max(0, ...consumers.map((c) => c.consumptionRate));
  return fastest > 0 ? fastest : undefined;
}

/**
 * Records per second of one replica; undefined while nothing says so.
 * @param hint what the user believes; many samples outweigh it
 */
export function capacityPerReplica(
  samples: readonly number[],
  hint: number | undefined,
  { hintWeight }: Tuning,
): number | undefined {
  const hints = hint === undefined ? [] : Array.from({ length: hintWeight }, () => hint);
  return median([...samples, ...hints]);
}

/** What is behind the consumers may be slow just now: that counts for this tick, and only so far. */
export function capacityThisTick(
  capacity: number | undefined,
  sample: number | undefined,
  { lowSampleShare }: Tuning,
): number | undefined {
  if (capacity === undefined || sample === undefined) return capacity;
  return Math.min(capacity, Math.max(sample, capacity * lowSampleShare));
}

/**
 * Adds what one tick saw.
 * @param seen per replica; undefined where it saw nothing
 */
export function learn(
  before: LearnedCapacity,
  seen: { readonly sample: number | undefined; readonly lowerBound: number | undefined },
  now: number,
  { maxSamples, sampleIntervalSeconds }: Tuning,
): LearnedCapacity {
  const lowerBound = Math.max(before.lowerBound ?? 0, seen.lowerBound ?? 0) || undefined;
  const { sampledAt } = before;
  const isSoon = sampledAt !== undefined && now - sampledAt < sampleIntervalSeconds * 1000;
  if (seen.sample === undefined || (isSoon && now >= sampledAt)) return { ...before, lowerBound };
  const samples = [...before.samples, seen.sample].slice(-maxSamples);
  return { samples, sampledAt: now, lowerBound };
}

/** The pods run something new: what was learned counts as one sample, so that new evidence wins quickly. */
export function doubt(before: LearnedCapacity): LearnedCapacity {
  const middle = median(before.samples);
  return { ...before, samples: middle === undefined ? [] : [middle], lowerBound: undefined };
}

/** Of an even count the upper of the two in the middle; undefined of none. */
export function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
