import type {
  GroupDescription,
  MemberAssignment,
  OffsetReading,
  PartitionOffsets,
} from '../../autoscaler/types.ts';
import type { Offsets, View } from '../controller.ts';
import type { Rebalance } from '../group.ts';

const topic = 'topic';

/** What the operator would read of the simulated group. @param at epoch milliseconds */
export function readingOf(view: View, at: number, protocol: Rebalance['protocol']): OffsetReading {
  if (!view.offsets)
    return {
      kind: 'unavailable',
      reason: 'KafkaUnreachable',
      message: 'no broker answers, as the fault "gap" has it',
    };
  return {
    kind: 'observed',
    at,
    partitions: partitionsOf(view.offsets),
    group: groupOf(view, protocol),
  };
}

function partitionsOf({ committed, end, readable, recreations }: Offsets): PartitionOffsets[] {
  const topicId = `incarnation-${recreations}`;
  return Array.from(end, (offset, partition) => ({
    topic,
    topicId,
    partition,
    committed: BigInt(committed[partition] ?? 0),
    end: readable[partition] === 1 ? BigInt(offset) : undefined,
    logStart: 0n,
  }));
}

const assignors = {
  eager: 'sticky',
  cooperative: 'cooperative-sticky',
  kip848: 'uniform',
} as const;

function groupOf(view: View, protocol: Rebalance['protocol']): GroupDescription {
  const { consumers, consumerOf, isRebalancing } = view;
  const owners = new Set(consumerOf.filter((consumer) => consumer >= 0));
  return {
    kind: protocol === 'kip848' ? 'consumer' : 'classic',
    state: consumers === 0 ? 'Empty' : stateOf(isRebalancing, protocol),
    members: consumers,
    assignedMembers: owners.size,
    assignor: consumers === 0 ? undefined : assignors[protocol],
    assignments: assignmentsOf(view),
  };
}

/** Consumers are numbered: one that takes the number of another one looks like it. */
function assignmentsOf({ consumers, consumerOf }: View): readonly MemberAssignment[] {
  const owned = Array.from({ length: consumers }, (): number[] => []);
  for (const [partition, consumer] of consumerOf.entries()) owned[consumer]?.push(partition);
  return owned.map((partitions, consumer) => ({
    memberId: `member-${consumer}`,
    clientId: 'consumer',
    host: '/127.0.0.1',
    groupInstanceId: undefined,
    partitions: partitions.length > 0 ? [{ topic, partitions }] : [],
  }));
}

function stateOf(isRebalancing: boolean, protocol: Rebalance['protocol']): string {
  if (!isRebalancing) return 'Stable';
  return protocol === 'kip848' ? 'Reconciling' : 'PreparingRebalance';
}
