import {
  fewestAsFastAs,
  type Layout,
  maxLoad,
  partitionsOf,
  type Size,
  usableReplicas,
  usefulSizes,
} from './layout.ts';

/** A capacity that misses a demand by this share meets it: floating point must not cost a replica. */
const rounding = 1e-9;

export interface Work {
  /** Records per second that arrive. */
  readonly arrivalRate: number;
  /** Records of backlog: without those that are only not committed yet. */
  readonly excessLag: number;
}

export interface DemandRules {
  /** Share of its capacity that the busiest consumer may use. */
  readonly utilization: number;
  /** Time in which a backlog is to be gone. */
  readonly drainSeconds: number;
  /** What arrives while the group deals out its partitions anew is backlog too. */
  readonly rebalanceSeconds: number;
  /** Records per second that are good for the systems behind the consumers; undefined: any number. */
  readonly maxGroupRate: number | undefined;
}

/**
 * Records per second that the group must be able to read. The maximum of headroom and catch-up, not their
 * sum: what is kept as headroom catches up, too.
 */
export function demandOf({ arrivalRate, excessLag }: Work, rules: DemandRules): number {
  const { utilization, drainSeconds, rebalanceSeconds, maxGroupRate } = rules;
  const steady = arrivalRate / utilization;
  const backlog = excessLag + arrivalRate * rebalanceSeconds;
  const catchUp = excessLag > 0 ? arrivalRate + backlog / drainSeconds : 0;
  return Math.min(Math.max(steady, catchUp), maxGroupRate ?? Number.POSITIVE_INFINITY);
}

/**
 * Records per second of a number of replicas: all are as slow as the member with the most partitions.
 * @param perReplica records per second of one replica
 */
export function capacityOf(layout: Layout, replicas: number, perReplica: number): number {
  const perMember = perReplica / layout.threadsPerReplica;
  return (perMember * partitionsOf(layout)) / maxLoad(layout, replicas);
}

/** Whether a rate of the busiest consumer or of the group is within a capacity. */
export function fits(rate: number, capacity: number): boolean {
  return rate <= capacity * (1 + rounding);
}

export interface ReplicaBounds {
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

/** A size, and what cut it. */
export interface Needed {
  readonly replicas: number;
  readonly limit: 'none' | 'partitions' | 'maxReplicas';
}

/** The smallest useful size that is good enough, within the bounds; else the largest that is of use. */
export function smallestSize(
  layout: Layout,
  bounds: ReplicaBounds,
  isEnough: (size: Size) => boolean,
): Needed {
  for (const size of usefulSizes(layout)) {
    if (size.replicas > bounds.maxReplicas) return largestSize(layout, bounds, 'maxReplicas');
    if (isEnough(size))
      return { replicas: Math.max(size.replicas, bounds.minReplicas), limit: 'none' };
  }
  return largestSize(layout, bounds, 'partitions');
}

/** No more replicas than make a difference: of 720 partitions 241 to 300 are no faster than 240. */
function largestSize(layout: Layout, bounds: ReplicaBounds, limit: Needed['limit']): Needed {
  const { minReplicas, maxReplicas } = bounds;
  const useful = fewestAsFastAs(Math.min(maxReplicas, usableReplicas(layout)), layout);
  return { replicas: Math.max(useful, minReplicas), limit };
}
