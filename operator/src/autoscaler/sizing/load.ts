import { type LagRules, partitionLag } from '../lag.ts';
import { stillKey } from '../still.ts';
import type { GroupTrend, MemberAssignment, PartitionReading, StillOffsets } from '../types.ts';
import { median } from './capacity.ts';
import type { Objective } from './objective.ts';
import type { Stalls } from './stalls.ts';

/** One partition of a reading, with what the strategy makes of it. */
export interface PartitionLoad {
  /** `topic/partition`. */
  readonly key: string;
  /** Records; undefined while unknown. */
  readonly lag: bigint | undefined;
  readonly committed: bigint | undefined;
  /** Records per second; undefined while unknown. */
  readonly arrivalRate: number | undefined;
  readonly consumptionRate: number | undefined;
  /** Seconds; undefined while unknown. */
  readonly age: number | undefined;
  readonly stillSince: number;
  readonly stalled: boolean;
}

export function partitionLoads(
  partitions: readonly PartitionReading[],
  rules: LagRules,
  still: ReadonlyMap<string, StillOffsets>,
): readonly PartitionLoad[] {
  return partitions.map((p) => {
    const key = stillKey(p);
    const { lag } = partitionLag(p, rules, still.get(key)?.beyondEndTicks);
    const { arrivalRate, consumptionRate, timeLag, stillSince, stalled } = p.trend;
    const committed = typeof p.committed === 'bigint' ? p.committed : undefined;
    const age = lag === 0n ? 0 : timeLag?.seconds;
    return { key, lag, committed, arrivalRate, consumptionRate, age, stillSince, stalled };
  });
}

/** A partition that is too much for one consumer: no number of replicas helps. */
export interface HotPartition {
  readonly key: string;
  /** Records per second. */
  readonly arrivalRate: number;
  readonly lag: number;
}

/** What the group has to do: without stalled partitions, for which no replica can do anything. */
export interface Load {
  /** Records per second; undefined while unknown. */
  readonly arrivalRate: number | undefined;
  readonly consumptionRate: number | undefined;
  /** Records; neither of suspected nor of hot partitions. */
  readonly lag: number;
  /** Seconds of the oldest unread record of the same partitions; undefined while unknown. */
  readonly age: number | undefined;
  /** Records per second of the busiest and of the average partition. */
  readonly busiestRate: number;
  readonly averageRate: number;
  readonly hot: readonly HotPartition[];
}

/**
 * @param perConsumer records per second that one consumer can read; undefined while unknown
 */
export function loadOf(
  partitions: readonly PartitionLoad[],
  { stalled, suspected }: Stalls,
  trend: GroupTrend,
  perConsumer: number | undefined,
  objective: Objective,
): Load {
  const moving = partitions.filter((p) => !stalled.has(p.key));
  const { targetUtilization } = objective.tuning;
  const most =
    perConsumer === undefined ? Number.POSITIVE_INFINITY : perConsumer * targetUtilization;
  const hot = perConsumer === undefined ? [] : hotAmong(moving, perConsumer, objective);
  const isHot = new Set(hot.map((p) => p.key));
  const counted = moving.filter((p) => !suspected.has(p.key) && !isHot.has(p.key));
  // What a hot partition brings beyond one consumer is for no other consumer to read.
  const rates = moving.map(({ key, arrivalRate = 0 }) =>
    isHot.has(key) ? Math.min(arrivalRate, most) : arrivalRate,
  );
  const excluded = sum(partitions.map((p) => p.arrivalRate ?? 0)) - sum(rates);
  return {
    arrivalRate: totalRate(trend.arrivalRate, moving, rates, excluded),
    consumptionRate: trend.consumptionRate,
    lag: counted.reduce((total, { lag = 0n }) => total + Number(lag), 0),
    age: oldest(counted),
    busiestRate: Math.max(0, ...rates.filter((_, i) => !isHot.has(moving[i]?.key ?? ''))),
    averageRate: moving.length === 0 ? 0 : sum(rates) / moving.length,
    hot,
  };
}

/**
 * Partitions with more arrivals, or with more backlog, than one consumer can do anything about in time. Where
 * all are like that there are too few partitions, or the capacity is wrong.
 */
function hotAmong(
  partitions: readonly PartitionLoad[],
  perConsumer: number,
  { drainSeconds, tuning }: Objective,
): readonly HotPartition[] {
  const { targetUtilization, hotFactor, backlogFactor } = tuning;
  const usualRate = median(partitions.map((p) => p.arrivalRate ?? 0)) ?? 0;
  const usualLag = median(partitions.map((p) => Number(p.lag ?? 0n))) ?? 0;
  return partitions.flatMap(({ key, arrivalRate = 0, lag: records = 0n }) => {
    const lag = Number(records);
    const isTooFast = arrivalRate > targetUtilization * perConsumer;
    const isTooMuch = arrivalRate + lag / drainSeconds > perConsumer;
    const isHot =
      (isTooFast && arrivalRate > hotFactor * usualRate) ||
      (isTooMuch && lag > backlogFactor * usualLag);
    return isHot ? [{ key, arrivalRate, lag }] : [];
  });
}

/** The group's rate without what is excluded; from the known partitions alone it is a lower bound. */
function totalRate(
  ofGroup: number | undefined,
  partitions: readonly PartitionLoad[],
  rates: readonly number[],
  excluded: number,
): number | undefined {
  if (ofGroup !== undefined) return Math.max(0, ofGroup - excluded);
  const isKnown = partitions.some((p) => p.arrivalRate !== undefined);
  return isKnown ? sum(rates) : undefined;
}

function oldest(partitions: readonly PartitionLoad[]): number | undefined {
  let age = 0;
  for (const p of partitions) {
    if (p.lag === undefined) continue; // unknown partitions are known to be missing
    if (p.age === undefined) return undefined;
    age = Math.max(age, p.age);
  }
  return age;
}

/** Arrivals of the busiest consumer, records per second; undefined unless every partition has an owner. */
export function busiestConsumerRate(
  owners: readonly MemberAssignment[] | undefined,
  partitions: readonly PartitionLoad[],
): number | undefined {
  if (!owners) return undefined;
  const rates = new Map(partitions.map((p) => [p.key, p.arrivalRate ?? 0]));
  let owned = 0;
  let busiest = 0;
  for (const member of owners) {
    const keys = member.partitions.flatMap(({ topic, partitions: numbers }) =>
      numbers.map((partition) => stillKey({ topic, partition })),
    );
    const known = keys.filter((key) => rates.has(key));
    owned += known.length;
    busiest = Math.max(busiest, sum(known.map((key) => rates.get(key) ?? 0)));
  }
  return owned === partitions.length ? busiest : undefined;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
