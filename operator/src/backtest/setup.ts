import type { Fault } from './fault.ts';
import type { Rebalance } from './group.ts';

/** The world of a backtest: everything but the load and the controller. */
export interface Setup {
  readonly partitions: number;
  /** Records per second of one replica with all its threads. */
  readonly capacityPerReplica: number;
  readonly threadsPerReplica: number;
  readonly initialReplicas: number;
  readonly startSeconds: readonly [min: number, max: number];
  readonly rebalance: Rebalance;
  readonly commitSeconds: number;
  /** Standard deviation of the speed of the consumers, as a share of it; all are fast or slow together. */
  readonly noise: number;
  /** Exponent of Zipf's law: arrivals of partition p are in proportion to 1 / (p + 1) ** skew. */
  readonly skew: number;
  /** A record consumed later than this is late. */
  readonly objectiveSeconds: number;
  readonly seed: number;
  readonly faults: readonly Fault[];
}

/** As in the evaluation protocol of the design. */
export const defaultSetup: Setup = {
  partitions: 24,
  capacityPerReplica: 1000,
  threadsPerReplica: 1,
  initialReplicas: 8,
  startSeconds: [25, 45],
  rebalance: { protocol: 'cooperative', pauseSeconds: 4 },
  commitSeconds: 5,
  noise: 0.1,
  skew: 0,
  objectiveSeconds: 60,
  seed: 1,
  faults: [],
};

/** Share of the arrivals of each partition; they add up to 1. */
export function partitionShares({ partitions, skew }: Setup): Float64Array {
  const weights = Float64Array.from({ length: partitions }, (_, p) => 1 / (p + 1) ** skew);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
