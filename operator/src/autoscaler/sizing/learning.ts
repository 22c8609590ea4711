import type { MemberAssignment } from '../types.ts';
import {
  type Capacity,
  capacityPerReplica,
  capacityThisTick,
  type LearnedCapacity,
  learn,
  lowerBoundOf,
  sampleOf,
} from './capacity.ts';
import type { PartitionLoad } from './load.ts';
import type { Stalls } from './stalls.ts';
import type { Tuning } from './tuning.ts';
import { consumersOf, type PartitionWork, type Watch, watchAfter } from './watch.ts';

/** What a reading shows of the work of the consumers. */
export interface WorkSeen {
  readonly now: number;
  readonly partitions: readonly PartitionLoad[];
  readonly stalls: Stalls;
  readonly owners: readonly MemberAssignment[] | undefined;
  readonly replicas: number;
  readonly threadsPerReplica: number;
  /** The members have been the same for long, every partition is known, and nothing is frozen. */
  readonly mayLearn: boolean;
  /** Records per second; what the user believes. */
  readonly hint: number | undefined;
}

export interface Lesson {
  readonly watch: Watch;
  readonly learned: LearnedCapacity;
  readonly capacity: Capacity;
}

/** Watches the consumers, and learns from those that have more to do than they can. */
export function learnFrom(
  before: Pick<Lesson, 'watch' | 'learned'>,
  seen: WorkSeen,
  tuning: Tuning,
): Lesson {
  const watch = watchAfter(before.watch, workOf(seen), seen.owners, seen.now, tuning);
  const { lowerBound } = before.learned;
  const shown = seen.mayLearn ? perReplica(watch, seen, tuning, lowerBound) : nothing;
  const learned = learn(before.learned, shown, seen.now, tuning);
  const capacity = capacityPerReplica(learned.samples, seen.hint, tuning);
  return {
    watch,
    learned,
    capacity: {
      perReplica: capacity,
      thisTick: capacityThisTick(capacity, shown.sample, tuning),
      lowerBound: learned.lowerBound,
    },
  };
}

const nothing = { sample: undefined, lowerBound: undefined };

function workOf({ partitions, stalls }: WorkSeen): readonly PartitionWork[] {
  const { stalled, suspected } = stalls;
  return partitions.flatMap(({ key, lag, committed = 0n }) => {
    const stuck = stalled.has(key) || suspected.has(key);
    return lag === undefined ? [] : [{ key, lag: Number(lag), committed, stuck }];
  });
}

function perReplica(
  watch: Watch,
  { replicas, threadsPerReplica }: WorkSeen,
  tuning: Tuning,
  proven = 0,
) {
  const consumers = consumersOf(watch, tuning);
  if (!consumers || replicas === 0) return nothing;
  // Watched as a whole, the group is one consumer as fast as all replicas together.
  const factor = watch.owners ? threadsPerReplica : 1 / replicas;
  const scaled = (rate: number | undefined) => (rate === undefined ? undefined : rate * factor);
  return {
    sample: scaled(sampleOf(consumers, tuning, proven / factor)),
    lowerBound: scaled(lowerBoundOf(consumers)),
  };
}
