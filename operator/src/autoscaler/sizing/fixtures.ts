import type { Layout } from './layout.ts';
import type { Objective } from './objective.ts';
import type { Situation } from './situation.ts';
import { noStalls } from './stalls.ts';
import { initialState } from './state.ts';
import { defaultTuning } from './tuning.ts';

/** Values for the tests of the strategy: a calm group of 24 partitions, and 8 replicas of 1000/s each. */

export const layout24: Layout = {
  partitionsPerTopic: [24],
  assignor: undefined,
  threadsPerReplica: 1,
};

export const objective: Objective = {
  objectiveSeconds: 60,
  drainSeconds: 120,
  capacityPerReplica: undefined,
  maxGroupRate: undefined,
  tuning: defaultTuning,
};

export const calm: Situation = {
  now: 1_000_000_000,
  current: 8,
  objective,
  bounds: { minReplicas: 1, maxReplicas: 100 },
  layout: layout24,
  load: {
    arrivalRate: 6000,
    consumptionRate: 6000,
    lag: 12_000,
    age: 2,
    busiestRate: 250,
    averageRate: 250,
    hot: [],
  },
  excessLag: 0,
  capacity: { perReplica: 1000, thisTick: 1000, lowerBound: 900 },
  busiestConsumer: undefined,
  rebalanceSeconds: 4,
  startSeconds: 30,
  stalls: noStalls,
  unsettled: undefined,
  stopped: undefined,
  membersMissing: undefined,
  allPodsReady: true,
  watchedSeconds: 3600,
  sinceChange: Number.POSITIVE_INFINITY,
  sinceUp: Number.POSITIVE_INFINITY,
  state: initialState,
};

/** The same with other arrivals, spread evenly. */
export function arriving(arrivalRate: number, change: Partial<Situation> = {}): Situation {
  const perPartition = arrivalRate / 24;
  const load = { ...calm.load, arrivalRate, busiestRate: perPartition, averageRate: perPartition };
  return { ...calm, load, ...change };
}
