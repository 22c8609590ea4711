import type { LagReading, ScaleEvent, TargetScale } from '../types.ts';
import type { ReplicaBounds } from './demand.ts';
import type { Layout } from './layout.ts';
import type { PartitionLoad } from './load.ts';
import { longest } from './pauses.ts';
import type { Settling } from './settled.ts';
import type { Stalls } from './stalls.ts';
import type { SizingState } from './state.ts';
import type { Tuning } from './tuning.ts';

/** One tick as the strategy is shown it. */
export interface Scene {
  readonly now: number;
  readonly target: TargetScale;
  readonly reading: Extract<LagReading, { kind: 'observed' }>;
  readonly partitions: readonly PartitionLoad[];
  readonly stalls: Stalls;
  /** Every partition is known, and none began anew. */
  readonly complete: boolean;
  readonly layout: Layout;
  readonly bounds: ReplicaBounds;
  /** Why nobody reads; undefined while somebody does. */
  readonly stopped: string | undefined;
  /** Changes of ours. */
  readonly scaleEvents: readonly ScaleEvent[];
}

export function podsOf(target: TargetScale, partitions: number) {
  const { specReplicas, statusReplicas, readyReplicas } = target;
  return { specReplicas, statusReplicas, readyReplicas, partitions };
}

export function settlingOf(
  { now, target, reading, layout }: Scene,
  { calm }: SizingState,
): Settling {
  return {
    now,
    target,
    group: reading.group,
    layout,
    podsChangedAt: calm?.changedAt ?? now,
    membershipChangedAt: reading.trend.membershipChangedAt,
  };
}

/** For how long the members have been the same and read: not yet in the pause after a change of them. */
export function undisturbedSeconds(
  { now, reading }: Scene,
  state: SizingState,
  tuning: Tuning,
): number {
  const { membershipChangedAt = Number.NEGATIVE_INFINITY } = reading.trend;
  return (now - membershipChangedAt) / 1000 - longest(state.rebalance, tuning.rebalanceSeconds);
}
