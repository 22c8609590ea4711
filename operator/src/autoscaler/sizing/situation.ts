import type { Capacity } from './capacity.ts';
import {
  capacityOf,
  demandOf,
  fits,
  type Needed,
  type ReplicaBounds,
  smallestSize,
} from './demand.ts';
import { type Layout, maxLoad, partitionsOf, type Size } from './layout.ts';
import type { Load } from './load.ts';
import type { Objective } from './objective.ts';
import type { Stalls } from './stalls.ts';
import type { SizingState } from './state.ts';

/** Everything the timeLag strategy knows in one tick: each of its rules reads it, none changes it. */
export interface Situation {
  readonly now: number;
  /** spec.replicas of the target. */
  readonly current: number;
  readonly objective: Objective;
  readonly bounds: ReplicaBounds;
  readonly layout: Layout;
  readonly load: Load;
  /** Records: `load.lag` without what is only not committed yet. */
  readonly excessLag: number;
  readonly capacity: Capacity;
  /** Arrivals of the busiest consumer, records per second; undefined while that is not known. */
  readonly busiestConsumer: number | undefined;
  readonly rebalanceSeconds: number;
  readonly startSeconds: number;
  readonly stalls: Stalls;
  /** Why the group is not settled; undefined when it is. */
  readonly unsettled: string | undefined;
  /** Why nobody reads; undefined while somebody does. */
  readonly stopped: string | undefined;
  /** Why some members are missing; undefined when none is. */
  readonly membersMissing: string | undefined;
  readonly allPodsReady: boolean;
  /** Seconds of history. */
  readonly watchedSeconds: number;
  /** Seconds since our last change of the size and our last scale-up; infinite when there was none. */
  readonly sinceChange: number;
  readonly sinceUp: number;
  /** The state of the next tick, if nothing is written. */
  readonly state: SizingState;
}

/** The rates behind a size. */
export interface Sizing {
  readonly utilization: number;
  /** Records per second of one replica. */
  readonly perReplica: number;
}

/**
 * Records per second the group must be able to read.
 * @param rebalanceSeconds for which nobody reads because the size changes
 */
export function demandAt(
  s: Situation,
  utilization: number,
  rebalanceSeconds = s.rebalanceSeconds,
): number {
  const { drainSeconds, maxGroupRate } = s.objective;
  const { excessLag, load } = s;
  const rules = { utilization, drainSeconds, rebalanceSeconds, maxGroupRate };
  return demandOf({ arrivalRate: load.arrivalRate ?? 0, excessLag }, rules);
}

/** Whether the current size drains what is left in time: another rebalance would make it older first. */
export function drainsInTime(s: Situation): boolean {
  const { current: replicas, layout, capacity } = s;
  if (capacity.thisTick === undefined || replicas === 0) return false;
  const size = { replicas, maxLoad: maxLoad(layout, replicas) };
  return isEnough(s, size, demandAt(s, 1, 0), { utilization: 1, perReplica: capacity.thisTick });
}

/** The smallest useful size that reads what arrives and drains what is left in time. */
export function sizeFor(s: Situation, sizing: Sizing): Needed {
  return sizeForDemand(s, demandAt(s, sizing.utilization), sizing);
}

export function sizeForDemand(s: Situation, demand: number, sizing: Sizing): Needed {
  return smallestSize(s.layout, s.bounds, (size) => isEnough(s, size, demand, sizing));
}

function isEnough(
  s: Situation,
  { replicas, maxLoad }: Size,
  demand: number,
  { utilization, perReplica }: Sizing,
): boolean {
  const { layout } = s;
  const perConsumer = perReplica / layout.threadsPerReplica;
  return (
    fits(demand * skewOf(s), capacityOf(layout, replicas, perReplica)) &&
    fits(busiestDemand(s, maxLoad, utilization), perConsumer)
  );
}

/**
 * How much more the busiest consumer gets than if all partitions were alike and dealt out evenly: as far
 * as anybody knows it is the same with another size. At least 1.
 */
function skewOf({ busiestConsumer, unsettled, load, layout, current }: Situation): number {
  if (busiestConsumer === undefined || unsettled !== undefined || !load.arrivalRate) return 1;
  const even = (load.arrivalRate * maxLoad(layout, current)) / partitionsOf(layout);
  return Math.max(1, busiestConsumer / even);
}

/**
 * What a consumer must be able to read that has the busiest partition beside others, records per second:
 * who will own what is not known of another size.
 */
function busiestDemand(s: Situation, partitions: number, utilization: number): number {
  const { arrivalRate = 0, busiestRate, averageRate } = s.load;
  const { maxGroupRate = Number.POSITIVE_INFINITY } = s.objective;
  const headroom = Math.min(1 / utilization, arrivalRate > 0 ? maxGroupRate / arrivalRate : 1);
  return (busiestRate + (partitions - 1) * averageRate) * headroom;
}

/** Records per second of the current size; undefined while unknown, or at zero. */
export function capacityNow({ capacity, current, layout }: Situation): number | undefined {
  if (capacity.thisTick === undefined || current === 0) return undefined;
  return capacityOf(layout, current, capacity.thisTick);
}

/** Share of its capacity that the busiest consumer uses, 0 to infinity; undefined while it is unknown. */
export function utilizationOf(s: Situation): number | undefined {
  const capacity = capacityNow(s);
  const { thisTick } = s.capacity;
  if (capacity === undefined || thisTick === undefined) return undefined;
  if (s.busiestConsumer === undefined || s.unsettled !== undefined)
    return s.load.arrivalRate === undefined ? undefined : s.load.arrivalRate / capacity;
  return (s.busiestConsumer * s.layout.threadsPerReplica) / thisTick;
}

/**
 * Seconds: how old the oldest unread record will be when more replicas read, if they are asked for now. It
 * ages while they start, as far as more arrives than is read, and while the partitions are dealt out anew.
 */
export function ageAhead(s: Situation): number {
  const used = utilizationOf(s) ?? 0;
  const growth = used > 1 ? 1 - 1 / used : 0;
  return (s.load.age ?? 0) + growth * s.startSeconds + s.rebalanceSeconds;
}
