import type { GroupDescription, MemberAssignment } from '../autoscaler/types.ts';
import type { DescribeAnswer } from './group-describer.ts';
import { KafkaError } from './kafka-error.ts';

/** A question about one group. */
export interface GroupQuery {
  readonly groupId: string;
  /** Wants the topics assigned to members. */
  readonly withTopics: boolean;
  /** Wants to know who owns what. */
  readonly withMembers: boolean;
}

export interface Described {
  readonly description: GroupDescription | undefined;
  /** Topics assigned to members; empty unless asked for. */
  readonly topics: readonly string[];
  /** Undefined while nobody could say. */
  readonly exists: boolean | undefined;
  /** Why no reading can be made of such a group. */
  readonly refusal: KafkaError | undefined;
}

export const covers = (known: GroupQuery, wanted: GroupQuery): boolean =>
  (known.withTopics || !wanted.withTopics) && (known.withMembers || !wanted.withMembers);

/** The same group asked for by several scalers appears once, with what any of them wants. */
export function merge<Q extends GroupQuery>(same: readonly Q[]): Q {
  const [first] = same as readonly [Q, ...Q[]];
  const withTopics = same.some((q) => q.withTopics);
  return { ...first, withTopics, withMembers: same.some((q) => q.withMembers) };
}

const notDescribed: Described = {
  description: undefined,
  topics: [],
  exists: undefined,
  refusal: undefined,
};

/** Without an answer; a group that was refused stays so. */
export const undescribed = (before: Described | undefined): Described => ({
  ...notDescribed,
  refusal: before?.refusal,
});

/** What a reading needs of an answer; undefined when that is only an error, such as a denial. */
export function toDescribed(query: GroupQuery, answer: DescribeAnswer): Described | undefined {
  if (answer.protocol === 'absent') return { ...notDescribed, exists: false };
  if (answer.group.errorCode !== 0) return undefined;
  if (answer.protocol === 'share') {
    return { ...notDescribed, exists: true, refusal: refuseShareGroup(query.groupId) };
  }
  const { state, protocolType, members, assignedMembers, assignor, assignments } = answer.group;
  return {
    exists: true,
    refusal: undefined,
    topics: query.withTopics ? topicsOf(assignments ?? []) : [],
    description: {
      kind: protocolType === '' && members === 0 ? 'simple' : answer.protocol,
      state,
      members,
      assignedMembers,
      assignor: members > 0 ? assignor : undefined,
      assignments: query.withMembers ? (assignments ?? []) : undefined,
    },
  };
}

function topicsOf(assignments: readonly MemberAssignment[]): readonly string[] {
  const owned = assignments.flatMap((member) => member.partitions);
  return [...new Set(owned.filter((o) => o.partitions.length > 0).map((o) => o.topic))];
}

function refuseShareGroup(groupId: string): KafkaError {
  const what = `group ${groupId} is a share group (KIP-932): it commits no offsets, so there is no lag to scale by: use a consumer group`;
  return new KafkaError('UnsupportedGroup', what);
}
