/** The formulas of the Flink autoscaler. Rates in records per second. */

export interface FlinkTarget {
  /** Arrival rate. */
  readonly rate: number;
  /** Backlog in records. */
  readonly lag: number;
  readonly catchUpSeconds: number;
  readonly restartSeconds: number;
}

/**
 * The capacities between which nothing happens: below the first scale up, above the second scale down.
 * @param utilization the highest and lowest use of the capacity that is accepted
 */
export function flinkBand(
  target: FlinkTarget,
  utilization: { readonly max: number; readonly min: number },
): readonly [up: number, down: number] {
  const { rate, lag, catchUpSeconds, restartSeconds } = target;
  const catchUp = catchUpSeconds > 0 ? lag / catchUpSeconds : 0;
  const restart = catchUpSeconds > 0 ? (rate * restartSeconds) / catchUpSeconds : 0;
  return [catchUp + rate / utilization.max, catchUp + restart + rate / utilization.min];
}

/** While a backlog is worked off: up only when that is too slow, and never down. */
export function flinkBacklogBand(rate: number, catchUpRate: number): readonly [number, number] {
  return [rate + catchUpRate, Number.POSITIVE_INFINITY];
}

export function isFlinkBacklog(lag: number, rate: number, thresholdSeconds: number): boolean {
  return lag > rate * thresholdSeconds;
}

export interface TrueRateInput {
  /** Unknown where the source does not tell. */
  readonly busyMsPerSecond: number | undefined;
  readonly rate: number;
  /** Seen while there was a backlog, hence true capacity. */
  readonly observed: readonly number[];
  readonly switchThreshold: number;
  readonly minObservations: number;
}

/** What the job could do: from its idle time, unless that claims more than was ever seen at full load. */
export function flinkTrueRate(input: TrueRateInput): number {
  const { busyMsPerSecond, rate, observed, switchThreshold, minObservations } = input;
  const seen = observed.reduce((sum, value) => sum + value, 0) / observed.length;
  if (busyMsPerSecond === undefined) return seen;
  const byBusyTime =
    busyMsPerSecond === 0 ? Number.POSITIVE_INFINITY : (rate * 1000) / busyMsPerSecond;
  const isTrusted = observed.length >= minObservations && byBusyTime > seen * (1 + switchThreshold);
  return isTrusted ? seen : byBusyTime;
}

/**
 * How much of the speed of the smallest size each further replica brings: 1 is linear.
 * @param points replicas and rate
 */
export function flinkScalability(points: readonly (readonly [number, number])[]): number {
  const [size, rate] = points.toSorted(([a], [b]) => a - b)[0] ?? [1, 0];
  const perReplica = rate / size;
  const squares = points.reduce((sum, [n]) => sum + n * n, 0);
  const products = points.reduce((sum, [n, r]) => sum + n * r, 0);
  return products / (perReplica * squares);
}

/** The next size that lowers the load of the idlest consumer; Flink's mode BALANCED. */
export function flinkAligned(replicas: number, partitions: number): number {
  const load = Math.floor(partitions / replicas);
  for (let size = replicas; size <= partitions; size++)
    if (partitions % size === 0 || Math.floor(partitions / size) < load) return size;
  return Math.min(replicas, partitions);
}
