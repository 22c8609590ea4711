import type { Reason } from '../api/conditions.ts';
import { type Range, rangeAt } from './floors.ts';
import { groupLag } from './lag.ts';
import { adopt, forgetOldEvents, fromThePast, initialMemory, restartWindows } from './memory.ts';
import { situate } from './situate.ts';
import { type PartitionLoad, partitionLoads } from './sizing/load.ts';
import type { Situation } from './sizing/situation.ts';
import { noStalls, type Stalls, stallsOf } from './sizing/stalls.ts';
import { defaultTuning, type Tuning } from './sizing/tuning.ts';
import { recordsArrived, trackStill } from './still.ts';
import { readySince } from './stopped.ts';
import type {
  Conflict,
  GroupLag,
  LagReading,
  MemberAssignment,
  Memory,
  Observation,
  PartitionReading,
  ScalingPolicy,
  Step,
  TargetScale,
} from './types.ts';

/** What the reading of a tick is good for, and why. */
interface Usability {
  readonly kind: 'good' | 'incomplete' | 'failed';
  readonly reason: Reason;
  readonly message: string;
}

/** One tick: the observation, understood. Every link of the chain reads it, none changes it. */
export interface Tick {
  readonly now: number;
  readonly policy: ScalingPolicy;
  /** What bounds the replicas now. */
  readonly range: Range;
  readonly target: TargetScale;
  readonly unschedulable: number | undefined;
  readonly conflict: Conflict | undefined;
  /** spec.replicas: where every change starts. */
  readonly current: number;
  readonly reading: Usability;
  readonly partitions: readonly PartitionReading[];
  /** Undefined when the reading is unavailable. */
  readonly group: GroupLag | undefined;
  /** Records to size for, without stalled partitions; undefined while too little is known to size at all. */
  readonly lag: bigint | undefined;
  readonly stalls: Stalls;
  /** Who owns what; undefined where that was not asked for, or cannot be told. */
  readonly owners: readonly MemberAssignment[] | undefined;
  /** What the strategy timeLag knows; undefined with another one, and while too little is known. */
  readonly situation: Situation | undefined;
  /** The group is at work, or nobody can say that it is not. */
  readonly busy: boolean;
  /** The memory of the next tick, still without this tick's recommendation. */
  readonly memory: Memory;
}

/** A link of the chain from lag to replicas; undefined when it has nothing to say. */
export type Link = (from: number, tick: Tick) => Step | undefined;

/** A leader election takes about 13 s; after this time what is known may scale up. */
const incompleteGraceMs = 30_000;

export function beginTick(observation: Observation): Tick {
  const { now, target, unschedulable, lag, policy, conflict, memory } = observation;
  const current = target.specReplicas;
  const before = pickUp(memory, now, current);
  const partitions = lag.kind === 'observed' ? lag.partitions : [];
  const still = lag.kind === 'observed' ? trackStill(partitions, before.still, now) : before.still;
  const group = lag.kind === 'observed' ? groupLag(partitions, policy, still, now) : undefined;
  const reading = judge(lag, group);
  const loads = partitionLoads(partitions, policy, still);
  const stalls =
    lag.kind === 'observed'
      ? stallsOf(
          loads,
          before.latched,
          { now, consumptionRate: lag.trend.consumptionRate },
          tuningOf(policy),
        )
      : { ...noStalls, stalled: before.latched };
  const busy = isBusy(reading, group) || recordsArrived(before.still, still);
  const counted = count(before, reading, now);
  const next: Memory = {
    ...recover(counted, before, now, current),
    lastActiveAt: busy ? now : before.lastActiveAt,
    readySince: readySince(target, before, now),
    scaleEvents: forgetOldEvents(before.scaleEvents, now),
    still,
    assignor: (lag.kind === 'observed' ? lag.group?.assignor : undefined) ?? before.assignor,
    latched: stalls.stalled,
  };
  const range = rangeAt(policy, now);
  const { situation, sizing } = situate({
    observation,
    loads,
    stalls,
    memory: next,
    range,
    kind: reading.kind,
  });
  return {
    now,
    policy,
    range,
    target,
    unschedulable,
    conflict,
    current,
    reading,
    partitions,
    group,
    lag: withoutStalled(
      usableLag(reading, group, now - (counted.incompleteSince ?? now)),
      loads,
      stalls,
    ),
    stalls,
    owners: lag.kind === 'observed' ? lag.group?.assignments : undefined,
    situation,
    busy,
    memory: { ...next, sizing },
  };
}

function pickUp(memory: Memory | undefined, now: number, current: number): Memory {
  if (!memory) return initialMemory({ now, replicas: current });
  const known = fromThePast(memory, now);
  return known.replicas === current ? known : adopt(known, now, current);
}

function judge(lag: LagReading, group: GroupLag | undefined): Usability {
  if (lag.kind === 'unavailable')
    return { kind: 'failed', reason: lag.reason, message: lag.message };
  const { complete = false, unknownPartitions = 0, partitions = 0 } = group ?? {};
  if (complete)
    return { kind: 'good', reason: 'ValidLagFound', message: 'every partition was read' };
  if (partitions === 0)
    return { kind: 'failed', reason: 'NoTopics', message: 'the reading holds no partition' };
  const kind = unknownPartitions * 2 > partitions ? 'failed' : 'incomplete';
  const why = lag.gaps ? `: ${lag.gaps}` : '';
  const message = `${unknownPartitions} of ${partitions} partitions are unknown, so no scale-in${why}`;
  return { kind, reason: 'LagIncomplete', message };
}

function isBusy(reading: Usability, group: GroupLag | undefined): boolean {
  if (reading.kind !== 'good') return true; // unknown is never idle
  return group?.active === true || group?.keepAlive === true;
}

/** Counts failures and blind time; only a good reading clears them. */
function count(before: Memory, { kind }: Usability, now: number): Memory {
  if (kind === 'good') return { ...before, failures: 0, incompleteSince: undefined };
  if (kind === 'incomplete') return { ...before, incompleteSince: before.incompleteSince ?? now };
  return { ...before, failures: before.failures + 1 };
}

/** What was recommended before a gap says nothing about the time of the gap. */
function recover(counted: Memory, before: Memory, now: number, current: number): Memory {
  const wasBlind = before.failures > 0 || before.incompleteSince !== undefined;
  const seesAgain = counted.failures === 0 && counted.incompleteSince === undefined;
  return wasBlind && seesAgain ? restartWindows(counted, now, current) : counted;
}

function usableLag(
  reading: Usability,
  group: GroupLag | undefined,
  incompleteMs: number,
): bigint | undefined {
  if (reading.kind === 'good') return group?.lag;
  // One leaderless partition must not blind the group for ever: the rest is a lower bound.
  return reading.kind === 'incomplete' && incompleteMs >= incompleteGraceMs
    ? group?.lowerBound
    : undefined;
}

/** No number of replicas helps a partition that is stuck: its lag buys none. */
function withoutStalled(
  lag: bigint | undefined,
  loads: readonly PartitionLoad[],
  { stalled }: Stalls,
): bigint | undefined {
  if (lag === undefined || stalled.size === 0) return lag;
  return loads.reduce((left, p) => (stalled.has(p.key) ? left - (p.lag ?? 0n) : left), lag);
}

function tuningOf({ sizing }: ScalingPolicy): Tuning {
  return sizing.kind === 'timeLag' ? sizing.tuning : defaultTuning;
}
