import { layoutOf } from './sizing/layout.ts';
import type { PartitionLoad } from './sizing/load.ts';
import { observeSizing, sizingWhileBlind } from './sizing/observe.ts';
import type { Scene } from './sizing/scene.ts';
import type { Situation } from './sizing/situation.ts';
import type { Stalls } from './sizing/stalls.ts';
import { initialState, type SizingState } from './sizing/state.ts';
import { whyStopped } from './stopped.ts';
import type { Memory, Observation, PartitionReading } from './types.ts';

interface Seen {
  readonly observation: Observation;
  /** The memory of the next tick, with the one of the strategy from before. */
  readonly memory: Memory;
  readonly loads: readonly PartitionLoad[];
  readonly stalls: Stalls;
  readonly range: Scene['bounds'];
  readonly kind: 'good' | 'incomplete' | 'failed';
}

interface Situated {
  readonly situation: Situation | undefined;
  /** The state of the next tick. */
  readonly sizing: SizingState | undefined;
}

/** The tick as the strategy timeLag sees it; nothing for another strategy. */
export function situate({ observation, loads, stalls, memory, range, kind }: Seen): Situated {
  const { lag, policy, target, now } = observation;
  if (policy.sizing.kind !== 'timeLag') return { situation: undefined, sizing: undefined };
  const before = memory.sizing ?? initialState;
  if (lag.kind === 'unavailable' || kind === 'failed')
    return { situation: undefined, sizing: sizingWhileBlind(before, target, now) };
  const scene: Scene = {
    now,
    target,
    reading: lag,
    partitions: loads,
    stalls,
    complete: kind === 'good' && !isReset(lag.partitions),
    layout: layoutOf(lag.partitions, memory.assignor, policy.threadsPerReplica),
    bounds: range,
    stopped: whyStopped(lag, memory.readySince, now),
    scaleEvents: memory.scaleEvents,
  };
  const situation = observeSizing(scene, policy.sizing, before);
  return { situation, sizing: situation.state };
}

function isReset(partitions: readonly PartitionReading[]): boolean {
  return partitions.some(({ trend }) => trend.reset !== undefined);
}
