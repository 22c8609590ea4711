import {
  type consumerGroupDescribeV0,
  decodeConsumerProtocolAssignment,
  type describeGroupsV5,
} from '@platformatic/kafka';
import type { DescribedGroup } from './transport.ts';

type ClassicGroup = describeGroupsV5.DescribeGroupsResponseGroup;
type ConsumerGroup = consumerGroupDescribeV0.ConsumerGroupDescribeResponseGroup;

export function toClassicGroup(group: ClassicGroup, withTopics: boolean): DescribedGroup {
  return {
    groupId: group.groupId,
    errorCode: group.errorCode,
    state: group.groupState,
    members: group.members.length,
    assignor: group.protocolData || undefined,
    topics: withTopics
      ? unique(group.members.flatMap((m) => assignedTopics(m.memberAssignment)))
      : [],
  };
}

/** The assignment is bytes of the client's own making: what cannot be decoded names no topics. */
function assignedTopics(assignment: Buffer): readonly string[] {
  try {
    return decodeConsumerProtocolAssignment(assignment).assignedPartitions.map((a) => a.topic);
  } catch {
    return [];
  }
}

export function toConsumerGroup(group: ConsumerGroup): DescribedGroup {
  const assigned = group.members.flatMap((m) => m.assignment.topicPartitions);
  return {
    groupId: group.groupId,
    errorCode: group.errorCode,
    state: group.groupState,
    members: group.members.length,
    assignor: group.members.length > 0 ? group.assignorName || undefined : undefined,
    topics: unique(assigned.map((a) => a.topicName)),
  };
}

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];
