import type { Link, Tick } from './tick.ts';
import type { PartitionOffsets } from './types.ts';

/**
 * The most replicas that get a partition. `range`, the first of Kafka's default list, deals each topic
 * out anew to the same first members; every other assignor deals out all partitions together.
 * @param partitionsPerTopic one count per topic, not empty
 * @param assignor undefined while it is unknown: then the larger cap
 */
export function replicaCap(
  partitionsPerTopic: readonly number[],
  assignor: string | undefined,
  threadsPerReplica: number,
): number {
  return Math.ceil(usableMembers(partitionsPerTopic, assignor) / threadsPerReplica);
}

function usableMembers(
  partitionsPerTopic: readonly number[],
  assignor: string | undefined,
): number {
  if (assignor === 'range') return Math.max(...partitionsPerTopic);
  return partitionsPerTopic.reduce((sum, count) => sum + count, 0);
}

/** A replica beyond the cap would own nothing. On the count, not on the lag: KEDA sticks at 22 of 24. */
export const capAtPartitions: Link = (from, tick) => {
  const { policy, memory } = tick;
  const perTopic = countPerTopic(tick.partitions);
  const to = replicaCap(perTopic, memory.assignor, policy.threadsPerReplica);
  if (from <= to) return undefined;
  const message = `${describe(perTopic, tick)} keep at most ${to} replicas busy`;
  return { step: 'CapAtPartitions', from, to, reason: 'PartitionLimited', message };
};

function describe(perTopic: readonly number[], { policy, memory }: Tick): string {
  const members = usableMembers(perTopic, memory.assignor);
  const assignor =
    memory.assignor === 'range' && perTopic.length > 1
      ? ' of the largest topic (range assignor)'
      : '';
  const threads =
    policy.threadsPerReplica > 1 ? ` at ${policy.threadsPerReplica} threads each` : '';
  return `${members} partitions${assignor}${threads}`;
}

function countPerTopic(partitions: readonly PartitionOffsets[]): readonly number[] {
  const counts = new Map<string, number>();
  for (const { topic } of partitions) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  return [...counts.values()];
}
