import type { Metrics } from './metrics.ts';

/** Many runs of one controller. Every run weighs the same, but counts per day are those of all days. */
export interface Summary {
  readonly runs: number;
  readonly lateFraction: number;
  readonly worstLateFraction: number;
  /** Replica-hours as a share of one replica for each partition. */
  readonly ofStatic: number;
  readonly timesOracle: number;
  readonly actionsPerDay: number;
  readonly rebalancesPerDay: number;
}

/** @param runs not empty */
export function summarize(runs: readonly Metrics[]): Summary {
  const mean = (of: (metrics: Metrics) => number) => sum(runs.map(of)) / runs.length;
  const days = sum(runs.map((metrics) => metrics.days));
  return {
    runs: runs.length,
    lateFraction: mean((m) => m.lateFraction),
    worstLateFraction: Math.max(...runs.map((m) => m.lateFraction)),
    ofStatic: mean((m) => m.replicaHours / m.staticReplicaHours),
    timesOracle: mean((m) => m.replicaHours / m.oracleReplicaHours),
    actionsPerDay: sum(runs.map((m) => m.actions)) / days,
    rebalancesPerDay: sum(runs.map((m) => m.rebalances)) / days,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
