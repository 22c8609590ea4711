import type { Cluster } from './cluster.ts';
import { type KafkaError, toKafkaError } from './kafka-error.ts';
import type { ListedGroup, Transport } from './transport.ts';

export interface GroupListing {
  /** In order of their names. */
  readonly groups: readonly ListedGroup[];
  /** One for each broker that gave no answer: the groups that it coordinates are missing. */
  readonly failures: readonly KafkaError[];
}

/**
 * The groups of all brokers, one request each: every broker knows those that it coordinates.
 * @throws KafkaError when the cluster cannot be reached at all
 */
export async function listGroups(cluster: Cluster, transport: Transport): Promise<GroupListing> {
  await cluster.admit();
  const asked = cluster.brokers.map((broker) => transport.listGroups(broker));
  const answers = await Promise.allSettled(asked);
  const listed = answers.flatMap((a) => (a.status === 'fulfilled' ? a.value : []));
  // A group that moves meanwhile is named by two brokers.
  const groups = [...new Map(listed.map((group) => [group.groupId, group])).values()];
  return {
    groups: groups.sort((a, b) => (a.groupId < b.groupId ? -1 : 1)),
    failures: answers.flatMap((a) => (a.status === 'rejected' ? toKafkaError(a.reason) : [])),
  };
}
