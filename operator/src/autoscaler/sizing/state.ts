import { type LearnedCapacity, nothingLearned } from './capacity.ts';
import type { Freeze } from './effect.ts';
import type { CommitInterval } from './excess-lag.ts';
import { noPause, type Pause } from './pauses.ts';
import { noRamps, type Ramps } from './ramp.ts';
import { noRegret, type Regret } from './regret.ts';
import type { Calm } from './settled.ts';
import { noSurge, type Surge } from './surge.ts';
import { nothingWatched, type Watch } from './watch.ts';

/** A scale-up that has not been judged yet. */
export interface PendingEffect {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  /** Records per second, when it was decided. */
  readonly demand: number;
  readonly consumption: number;
}

/** Trying with one replica less. */
export interface Canary {
  /** Epoch milliseconds from which on the next try may begin. */
  readonly nextAt: number;
  /** Of the try whose outcome is not known yet. */
  readonly triedAt: number | undefined;
}

/** What the timeLag strategy hands from tick to tick. A value: never mutated; losing it is safe. */
export interface SizingState {
  readonly watch: Watch;
  readonly capacity: LearnedCapacity;
  readonly commits: CommitInterval | undefined;
  readonly rebalance: Pause;
  /** From the write of a size to the first commit of a new member. */
  readonly start: Pause;
  /** Members that own partitions, and those that did when the last scale-up was written. */
  readonly owners: number;
  readonly membersBeforeStart: number;
  readonly calm: Calm | undefined;
  readonly effect: PendingEffect | undefined;
  readonly freeze: Freeze | undefined;
  readonly canary: Canary;
  readonly regret: Regret;
  readonly surge: Surge;
  readonly ramps: Ramps;
  /** The last size that was not zero. */
  readonly lastSize: number;
  /** Epoch milliseconds of the first reading, without a long gap since. */
  readonly watchedSince: number | undefined;
  readonly lastReadingAt: number | undefined;
  readonly membershipChangedAt: number | undefined;
  readonly rollingOut: boolean;
  /** Records per second, of this tick: what the effect of a scale-up is measured against. */
  readonly demand: number;
  readonly consumption: number;
}

export const initialState: SizingState = {
  watch: nothingWatched,
  capacity: nothingLearned,
  commits: undefined,
  rebalance: noPause,
  start: noPause,
  owners: 0,
  membersBeforeStart: 0,
  calm: undefined,
  effect: undefined,
  freeze: undefined,
  canary: { nextAt: 0, triedAt: undefined },
  regret: noRegret,
  surge: noSurge,
  ramps: noRamps,
  lastSize: 0,
  watchedSince: undefined,
  lastReadingAt: undefined,
  membershipChangedAt: undefined,
  rollingOut: false,
  demand: 0,
  consumption: 0,
};
