import { stillKey } from '../still.ts';
import type { GroupDescription } from '../types.ts';
import { type CommitInterval, commitIntervalAfter } from './excess-lag.ts';
import type { PartitionLoad } from './load.ts';
import { begin, end, type Pause } from './pauses.ts';
import type { Stalls } from './stalls.ts';
import type { Tuning } from './tuning.ts';

/** What a reading tells of how long things take. */
export interface TimingSeen {
  readonly now: number;
  /** Without those that are stuck, or may be. */
  readonly partitions: readonly PartitionLoad[];
  readonly group: GroupDescription | undefined;
  readonly membershipChangedAt: number | undefined;
  readonly readyPods: number;
}

export interface Timing {
  readonly commits: CommitInterval | undefined;
  readonly rebalance: Pause;
  /** From the write of a size to the first commit of a new member. */
  readonly start: Pause;
  /** Members that own partitions, and those that did when the last scale-up was written. */
  readonly owners: number;
  readonly membersBeforeStart: number;
  readonly membershipChangedAt: number | undefined;
}

/** Commit interval, rebalances and starts, as far as this reading shows them. */
export function timingAfter(before: Timing, seen: TimingSeen, tuning: Tuning): Timing {
  const { now, partitions, membershipChangedAt } = seen;
  const working = byConsumer(
    partitions.filter((p) => (p.arrivalRate ?? 0) > 0),
    seen.group,
  );
  const rebalance = rebalanceAfter(before, seen, working, tuning);
  const owners = ownersOf(seen);
  const hasJoined = owners > before.membersBeforeStart && rebalance.since === undefined;
  return {
    commits: commitIntervalAfter(before.commits, pausesOf(working, now), now),
    rebalance,
    start: hasJoined ? end(before.start, now, tuning) : before.start,
    owners,
    membersBeforeStart: before.membersBeforeStart,
    membershipChangedAt,
  };
}

type Shares = readonly (readonly PartitionLoad[])[];

/**
 * The partitions that each consumer has to read: with a backlog it reads them in turn, and commits now these,
 * now those. Where nobody knows who owns them each counts for itself.
 */
function byConsumer(
  partitions: readonly PartitionLoad[],
  group: GroupDescription | undefined,
): Shares {
  const owners = new Map(
    group?.assignments?.flatMap(({ memberId, partitions: topics }) =>
      topics.flatMap(({ topic, partitions: numbers }) =>
        numbers.map((partition) => [stillKey({ topic, partition }), memberId] as const),
      ),
    ),
  );
  return [...Map.groupBy(partitions, ({ key }) => owners.get(key) ?? key).values()];
}

/** From the first change of the members until every consumer that has work has committed again. */
function rebalanceAfter(
  before: Timing,
  { now, membershipChangedAt }: TimingSeen,
  working: Shares,
  tuning: Tuning,
): Pause {
  const isChange =
    membershipChangedAt !== undefined && membershipChangedAt !== before.membershipChangedAt;
  const since = before.rebalance.since ?? (isChange ? membershipChangedAt : undefined);
  if (since === undefined) return before.rebalance;
  // Without work nobody commits, and how long it takes cannot be seen.
  if (working.length === 0) return { ...before.rebalance, since: undefined };
  const pause = begin(before.rebalance, since);
  const isOver = working.every(
    (share) => share.every((p) => p.lag === 0n) || share.some((p) => p.stillSince > since),
  );
  return isOver ? end(pause, now, tuning) : pause;
}

/** Seconds since the last commit of the consumers that have something to commit. */
function pausesOf(working: Shares, now: number): readonly number[] {
  return working
    .map((share) => share.filter(({ lag = 0n }) => lag > 0n))
    .filter((share) => share.length > 0)
    .map((share) => Math.max(...share.map((p) => p.stillSince)))
    .map((last) => Math.max(0, now - last) / 1000);
}

/** Members that own partitions; without a description the pods stand for them. */
function ownersOf({ group, readyPods }: TimingSeen): number {
  if (!group || group.kind === 'simple') return readyPods;
  return group.assignedMembers ?? group.members;
}

/** Without those that a poison pill holds, or may hold: they commit nothing, however short the interval. */
export function withoutStuck(
  partitions: readonly PartitionLoad[],
  { stalled, suspected }: Stalls,
): readonly PartitionLoad[] {
  return partitions.filter(({ key }) => !stalled.has(key) && !suspected.has(key));
}
