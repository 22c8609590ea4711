import type { GroupDescription, TargetScale } from '../types.ts';
import { type Layout, usableMembers } from './layout.ts';
import type { Tuning } from './tuning.ts';

/** What must stand still before a reading says something about a size. */
export interface Pods {
  readonly specReplicas: number;
  readonly statusReplicas: number;
  readonly readyReplicas: number | undefined;
  readonly partitions: number;
}

/** Since when the pods have been as they are; epoch milliseconds. */
export interface Calm {
  readonly pods: Pods;
  readonly changedAt: number;
}

export function calmAfter(before: Calm | undefined, pods: Pods, now: number): Calm {
  const { specReplicas, statusReplicas, readyReplicas, partitions } = before?.pods ?? {};
  const isSame =
    specReplicas === pods.specReplicas &&
    statusReplicas === pods.statusReplicas &&
    readyReplicas === pods.readyReplicas &&
    partitions === pods.partitions;
  // Not in the future: the clock may have been set back.
  return { pods, changedAt: isSame && before ? Math.min(before.changedAt, now) : now };
}

export interface Settling {
  readonly now: number;
  readonly target: TargetScale;
  /** Undefined where it may not be described. */
  readonly group: GroupDescription | undefined;
  readonly layout: Layout;
  /** Epoch milliseconds: of the pods, and of the members as far as a change was seen. */
  readonly podsChangedAt: number;
  readonly membershipChangedAt: number | undefined;
}

/**
 * What keeps the group from being settled, in words; undefined when nothing does. Lag that is measured
 * before new pods have worked would make the next decision overshoot.
 */
export function whyUnsettled(s: Settling, tuning: Tuning): string | undefined {
  return whyPodsMove(s.target) ?? whyMembersMove(s, tuning) ?? whyTooSoon(s, tuning);
}

function whyPodsMove({ rollingOut, specReplicas, readyReplicas }: TargetScale): string | undefined {
  if (rollingOut) return 'the target is rolling out';
  if (readyReplicas === undefined || readyReplicas === specReplicas) return undefined;
  return `${readyReplicas} of ${specReplicas} pods are ready`;
}

function whyMembersMove(s: Settling, tuning: Tuning): string | undefined {
  if (!s.group || s.group.kind === 'simple') return undefined;
  const { state, members } = s.group;
  const missing = missingMembers(s);
  if (missing > 0) return `${members} of ${expectedMembers(s)} members have joined`;
  if (state !== 'Stable') return `the group is in state ${state}`;
  const surplus = members - expectedMembers(s);
  // Members that leave late count for a while; those that stay are somebody else's.
  const isNew = s.now - s.podsChangedAt < tuning.surplusMembersSeconds * 1000;
  return surplus > 0 && isNew ? `${surplus} members more than replicas` : undefined;
}

function expectedMembers({ target, layout }: Settling): number {
  return target.specReplicas * layout.threadsPerReplica;
}

/** Members that should be there and are not; those beyond the partitions are not needed. */
export function missingMembers(s: Settling): number {
  if (!s.group || s.group.kind === 'simple') return 0;
  const { members, assignedMembers = 0 } = s.group;
  const expected = expectedMembers(s);
  const useful = Math.min(expected, usableMembers(s.layout));
  return assignedMembers >= useful ? 0 : Math.max(0, expected - members);
}

function whyTooSoon(s: Settling, { settleSeconds }: Tuning): string | undefined {
  const changedAt = Math.max(s.podsChangedAt, s.membershipChangedAt ?? Number.NEGATIVE_INFINITY);
  const seconds = (s.now - changedAt) / 1000;
  if (seconds >= settleSeconds) return undefined;
  return `pods, members or partitions changed ${Math.floor(seconds)} s ago`;
}

/** Pods are ready, and yet there is nobody in the group, or too few, for longer than a start takes. */
export function membersStayAway(s: Settling, startSeconds: number, tuning: Tuning): boolean {
  const { readyReplicas = s.target.statusReplicas } = s.target;
  const changedAt = Math.max(s.podsChangedAt, s.membershipChangedAt ?? Number.NEGATIVE_INFINITY);
  const patience = (startSeconds + tuning.missingMembersSeconds) * 1000;
  return readyReplicas > 0 && missingMembers(s) > 0 && s.now - changedAt > patience;
}
