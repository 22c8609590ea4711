import type { consumerGroupDescribeV0, describeGroupsV5 } from '@platformatic/kafka';
import type { MemberAssignment } from '../autoscaler/types.ts';
import { decodeAssignment, ownsPartitions } from './assignment.ts';
import { groupIdNotFound } from './codes.ts';
import type { ShareGroup } from './share-group-describe.ts';
import type { DescribedGroup, DescribeItem } from './transport.ts';

type ClassicGroup = describeGroupsV5.DescribeGroupsResponseGroup;
type ClassicMember = describeGroupsV5.DescribeGroupsResponseMember;
type ConsumerGroup = consumerGroupDescribeV0.ConsumerGroupDescribeResponseGroup;
type ConsumerMember = consumerGroupDescribeV0.ConsumerGroupDescribeResponseMember;

const consumers = 'consumer';

/** @param withAssignments decode who owns what */
export function toClassicGroup(group: ClassicGroup, withAssignments: boolean): DescribedGroup {
  const { groupId, errorCode, groupState, protocolType, protocolData, members } = group;
  // The members of another protocol, such as Connect workers, assign something else than partitions.
  const ofConsumers = protocolType === consumers || members.length === 0;
  return {
    groupId,
    errorCode,
    state: groupState,
    protocolType,
    members: members.length,
    assignedMembers: ofConsumers ? countAssigned(members) : undefined,
    assignor: protocolData || undefined,
    assignments: withAssignments && ofConsumers ? members.map(toClassicMember) : undefined,
  };
}

/** Undefined when the assignment of any member cannot be understood: a count must not be too low. */
function countAssigned(members: readonly ClassicMember[]): number | undefined {
  let assigned = 0;
  for (const { memberAssignment } of members) {
    const owns = ownsPartitions(memberAssignment);
    if (owns === undefined) return undefined;
    if (owns) assigned += 1;
  }
  return assigned;
}

const toClassicMember = (member: ClassicMember): MemberAssignment => ({
  memberId: member.memberId,
  clientId: member.clientId,
  host: member.clientHost,
  groupInstanceId: member.groupInstanceId ?? undefined,
  partitions: decodeAssignment(member.memberAssignment) ?? [],
});

/** @param withAssignments keep who owns what */
export function toConsumerGroup(group: ConsumerGroup, withAssignments: boolean): DescribedGroup {
  const { groupId, errorCode, groupState, assignorName, members } = group;
  return {
    groupId,
    errorCode,
    state: groupState,
    protocolType: consumers,
    members: members.length,
    assignedMembers: members.filter((m) => m.assignment.topicPartitions.some(holdsAny)).length,
    assignor: assignorName || undefined,
    assignments: withAssignments ? members.map(toConsumerMember) : undefined,
  };
}

const holdsAny = ({ partitions }: { readonly partitions: readonly number[] }): boolean =>
  partitions.length > 0;

const toConsumerMember = (member: ConsumerMember): MemberAssignment => ({
  memberId: member.memberId,
  clientId: member.clientId,
  host: member.clientHost,
  groupInstanceId: member.instanceId ?? undefined,
  partitions: member.assignment.topicPartitions.map(({ topicName, partitions }) => ({
    topic: topicName,
    partitions,
  })),
});

export const toShareGroup = ({
  groupId,
  errorCode,
  state,
  members,
}: ShareGroup): DescribedGroup => ({
  groupId,
  errorCode,
  state,
  protocolType: 'share',
  members,
  assignedMembers: undefined,
  assignor: undefined,
  assignments: undefined,
});

/** What a broker that knows such groups says of one it does not have. */
export const notFound = ({ groupId }: DescribeItem): DescribedGroup => ({
  groupId,
  errorCode: groupIdNotFound,
  state: '',
  protocolType: '',
  members: 0,
  assignedMembers: undefined,
  assignor: undefined,
  assignments: undefined,
});
