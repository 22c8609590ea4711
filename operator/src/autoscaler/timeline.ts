import type { Reason } from '../api/conditions.ts';
import { decide } from './decide.ts';
import { basePolicy, observation, offsets, partitionsWithLag, reading } from './fixtures.ts';
import { afterWrite } from './memory.ts';
import type { Decision, LagReading, Memory, PartitionOffsets, ScalingPolicy } from './types.ts';

/** A story of polls, told in rows: when, what has happened, what must come of it. */

interface World {
  partitions: readonly PartitionOffsets[];
  unreadable: LagReading | undefined;
  unknown: number;
  replicas: number;
  rollingOut: boolean;
  unschedulable: number | undefined;
  policy: ScalingPolicy;
  memory: Memory | undefined;
}
type Change = (world: World) => void;
/** The fields of a decision that a row is about. */
type Expectation = (before: number) => Partial<Decision>;
export type Row = readonly [at: string, change: Change, expected: Expectation];
export type Setup = Partial<ScalingPolicy> & { replicas?: number; partitions?: number };

export interface Played {
  readonly decision: Decision;
  readonly expected: Partial<Decision>;
}

/** Plays the rows one after the other; what a decision writes is there at the next. */
export function* replay(
  { replicas = 1, partitions = 40, ...policy }: Setup,
  rows: readonly Row[],
): Generator<Played> {
  const world: World = {
    partitions: partitionsWithLag(partitions, 0),
    unreadable: undefined,
    unknown: 0,
    replicas,
    rollingOut: false,
    unschedulable: 0,
    policy: { ...basePolicy, ...policy },
    memory: undefined,
  };
  for (const [at, change, expected] of rows) {
    change(world);
    const before = world.replicas;
    yield { decision: poll(world, msOf(at)), expected: expected(before) };
  }
}

function poll(world: World, now: number): Decision {
  const { policy, memory, replicas, rollingOut, unschedulable } = world;
  const seen = observation(replicas, readingOf(world), { now, policy, memory, unschedulable });
  const decision = decide({ ...seen, target: { ...seen.target, rollingOut } });
  const writes = decision.action === 'scale';
  world.memory = afterWrite(decision, now, writes);
  if (writes) world.replicas = decision.desiredReplicas;
  return decision;
}

function readingOf({ partitions, unreadable, unknown }: World): LagReading {
  if (unreadable) return unreadable;
  const seen = partitions.map((p) =>
    p.partition >= partitions.length - unknown ? { ...p, end: undefined } : p,
  );
  return reading(seen);
}

/** The lag becomes `records`: more by new records, less by commits; the same moves nothing. */
export function lag(records: number): Change {
  return (world) => {
    world.unreadable = undefined;
    world.unknown = 0;
    world.partitions = world.partitions.map((p) => (p.partition === 0 ? withLag(p, records) : p));
  };
}

function withLag(p: PartitionOffsets, records: number): PartitionOffsets {
  const { committed, end = 0n } = p;
  const lagged = BigInt(records);
  if (typeof committed !== 'bigint') return p;
  return end - committed < lagged
    ? { ...p, end: committed + lagged }
    : { ...p, committed: end - lagged };
}

/** Records arrive and are consumed at once: the group keeps up. */
export const keepsUp: Change = (world) => {
  world.partitions = world.partitions.map((p) => ({
    ...p,
    end: (p.end ?? 0n) + 1n,
    committed: typeof p.committed === 'bigint' ? p.committed + 1n : p.committed,
  }));
};

export function neverCommitted(): Change {
  return (world) => {
    world.partitions = world.partitions.map((p) => ({ ...p, committed: 'none' }));
  };
}

export function committed(partition: number, at: bigint): Change {
  return (world) => {
    world.partitions = world.partitions.map((p) =>
      p.partition === partition ? { ...p, committed: at } : p,
    );
  };
}

export function unreadable(reason: Reason = 'KafkaUnreachable'): Change {
  return (world) => {
    world.unreadable = { kind: 'unavailable', reason, message: 'no broker answered within 5 s' };
  };
}

/** The last `count` partitions have no leader; the lag is `records` on the others. */
export function unknownPartitions(count: number, records: number): Change {
  return (world) => {
    lag(records)(world);
    world.unknown = count;
  };
}

export function somebodySets(replicas: number): Change {
  return (world) => {
    world.replicas = replicas;
  };
}

export function rollingOut(value: boolean, records: number): Change {
  return (world) => {
    lag(records)(world);
    world.rollingOut = value;
  };
}

/** No node has room for `count` pods; undefined: nobody knows. */
export function unschedulable(count: number | undefined): Change {
  return (world) => {
    world.unschedulable = count;
  };
}

export function edit(policy: Partial<ScalingPolicy>): Change {
  return (world) => {
    world.policy = { ...world.policy, ...policy };
  };
}

export const restart: Change = (world) => {
  world.memory = undefined;
};

export const nothing: Change = () => {};

export function topicRecreated(): Change {
  return (world) => {
    world.partitions = world.partitions.map((p) => offsets({ ...p, end: 10n, logStart: 0n }));
  };
}

export function scaleTo(desiredReplicas: number, reason?: Reason): Expectation {
  return () => ({ action: 'scale', desiredReplicas, ...(reason && { reason }) });
}

export function hold(reason: Reason): Expectation {
  return (before) => ({ action: 'hold', desiredReplicas: before, reason });
}

/** Mode Recommend: the number is shown, nothing is written. */
export function recommendOnly(desiredReplicas: number): Expectation {
  return () => ({ action: 'hold', desiredReplicas, reason: 'Recommending' });
}

/** Milliseconds of a time such as `90s`, `5m` or `5m01s`. */
function msOf(text: string): number {
  const match = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  if (!match || text === '') throw new Error(`timeline: ${text} is no time such as 5m01s`);
  return (Number(match[1] ?? 0) * 60 + Number(match[2] ?? 0)) * 1000;
}
