/** How the partitions of a group are dealt out to its members. */
export interface Layout {
  /** One count per topic, at least one, all positive. */
  readonly partitionsPerTopic: readonly number[];
  /** As the group names it; undefined while unknown: then all partitions are dealt out together. */
  readonly assignor: string | undefined;
  /** Members of the group in each replica. */
  readonly threadsPerReplica: number;
}

/** A number of replicas, and the partitions that its busiest member reads. */
export interface Size {
  readonly replicas: number;
  readonly maxLoad: number;
}

/** @param partitions those of every topic of the group, at least one */
export function layoutOf(
  partitions: readonly { readonly topic: string }[],
  assignor: string | undefined,
  threadsPerReplica: number,
): Layout {
  const counts = new Map<string, number>();
  for (const { topic } of partitions) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  return { partitionsPerTopic: [...counts.values()], assignor, threadsPerReplica };
}

export function partitionsOf({ partitionsPerTopic }: Layout): number {
  return partitionsPerTopic.reduce((sum, count) => sum + count, 0);
}

/** Members that get a partition: the other ones would read nothing. */
export function usableMembers(layout: Layout): number {
  // Each topic is dealt out anew to the same first members.
  if (layout.assignor === 'range') return Math.max(...layout.partitionsPerTopic);
  return partitionsOf(layout);
}

/** The most replicas that get a partition. `range` is the first of Kafka's default list. */
export function usableReplicas(layout: Layout): number {
  return Math.ceil(usableMembers(layout) / layout.threadsPerReplica);
}

/** Partitions of each member, the busiest first. */
export function memberLoads(layout: Layout, replicas: number): readonly number[] {
  const members = replicas * layout.threadsPerReplica;
  const deals = layout.assignor === 'range' ? layout.partitionsPerTopic : [partitionsOf(layout)];
  return Array.from({ length: members }, (_, member) =>
    deals.reduce((load, count) => load + share(count, members, member), 0),
  );
}

function share(partitions: number, members: number, member: number): number {
  return Math.floor(partitions / members) + (member < partitions % members ? 1 : 0);
}

/** Partitions of the busiest member: all of the group's speed depends on it. */
export function maxLoad(layout: Layout, replicas: number): number {
  const members = replicas * layout.threadsPerReplica;
  if (layout.assignor !== 'range') return Math.ceil(partitionsOf(layout) / members);
  return layout.partitionsPerTopic.reduce((load, count) => load + Math.ceil(count / members), 0);
}

/**
 * The sizes that differ in speed, ascending: for each load of the busiest member the fewest replicas. Of
 * 24 partitions 1, 2, 3, 4, 5, 6, 8, 12 and 24; exact divisors would leave {1, P} of a prime P.
 */
export function* usefulSizes(layout: Layout): Generator<Size> {
  const most = usableReplicas(layout);
  const least = maxLoad(layout, most);
  for (let replicas = 1; ; replicas = fewestWithLoadBelow(layout, replicas, most)) {
    const load = maxLoad(layout, replicas);
    yield { replicas, maxLoad: load };
    if (load === least) return;
  }
}

/** The smallest size above this one whose busiest member reads less; halving finds it among any number. */
function fewestWithLoadBelow(layout: Layout, replicas: number, most: number): number {
  const load = maxLoad(layout, replicas);
  let [tooFew, enough] = [replicas, most];
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (maxLoad(layout, middle) < load) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

/** The fewest replicas that are as fast as these. */
export function fewestAsFastAs(replicas: number, layout: Layout): number {
  const load = maxLoad(layout, replicas);
  let [tooFew, enough] = [0, replicas];
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (maxLoad(layout, middle) === load) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

/** The next useful size from a number of replicas upwards; the largest one beyond them all. */
export function usefulSizeAtLeast(replicas: number, layout: Layout): number {
  const most = usableReplicas(layout);
  if (replicas >= most) return fewestAsFastAs(most, layout);
  const wanted = Math.max(1, replicas);
  if (fewestAsFastAs(wanted, layout) === wanted) return wanted;
  const isLargest = maxLoad(layout, wanted) === maxLoad(layout, most);
  return isLargest ? fewestAsFastAs(most, layout) : fewestWithLoadBelow(layout, wanted, most);
}
