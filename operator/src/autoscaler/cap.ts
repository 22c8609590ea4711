import { type Layout, layoutOf, usableMembers, usableReplicas } from './sizing/layout.ts';
import type { Link } from './tick.ts';

/** A replica beyond the cap would own nothing. On the count, not on the lag: KEDA sticks at 22 of 24. */
export const capAtPartitions: Link = (from, tick) => {
  const { partitions, memory, policy } = tick;
  const layout = layoutOf(partitions, memory.assignor, policy.threadsPerReplica);
  const to = usableReplicas(layout);
  if (from <= to) return undefined;
  const message = `${describe(layout)} keep at most ${to} replicas busy`;
  return { step: 'CapAtPartitions', from, to, reason: 'PartitionLimited', message };
};

function describe(layout: Layout): string {
  const { partitionsPerTopic, assignor, threadsPerReplica } = layout;
  const ofTopic =
    assignor === 'range' && partitionsPerTopic.length > 1
      ? ' of the largest topic (range assignor)'
      : '';
  const threads = threadsPerReplica > 1 ? ` at ${threadsPerReplica} threads each` : '';
  return `${usableMembers(layout)} partitions${ofTopic}${threads}`;
}
