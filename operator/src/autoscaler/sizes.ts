import { replicaCap } from './cap.ts';

/** How the partitions of a group are dealt out to its replicas. */
export interface Layout {
  /** One count per topic, not empty. */
  readonly partitionsPerTopic: readonly number[];
  /** As the group chose it; undefined while unknown: then all partitions are dealt out together. */
  readonly assignor: string | undefined;
  /** Group members in one replica, at least 1. */
  readonly threadsPerReplica: number;
}

export interface ReplicaBounds {
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

/** A number of replicas that is faster than any smaller one. */
export interface UsefulSize {
  readonly replicas: number;
  /** Partitions of the most loaded member; the speed of the group is that of this member. */
  readonly maxLoad: number;
}

/** Partitions of each member, the most loaded first as assignors deal them out. */
export function memberLoads(layout: Layout, replicas: number): readonly number[] {
  const members = replicas * layout.threadsPerReplica;
  const loads = new Array<number>(members).fill(0);
  for (const count of dealtTogether(layout)) {
    for (let member = 0; member < members; member++)
      loads[member] = (loads[member] ?? 0) + Math.ceil((count - member) / members);
  }
  return loads.map((load) => Math.max(0, load));
}

/** Partitions of the most loaded member of `replicas`, which is at least 1: q(n). */
export function maxLoad(layout: Layout, replicas: number): number {
  const members = replicas * layout.threadsPerReplica;
  return dealtTogether(layout).reduce((sum, count) => sum + Math.ceil(count / members), 0);
}

/** `range` deals each topic out anew, beginning with the same member; all others deal all at once. */
function dealtTogether({ partitionsPerTopic, assignor }: Layout): readonly number[] {
  if (assignor === 'range') return partitionsPerTopic;
  return [partitionsPerTopic.reduce((sum, count) => sum + count, 0)];
}

/**
 * The sizes worth having, ascending: every size between two of them is as slow as the smaller one, since
 * its most loaded member owns as many partitions.
 */
export function usefulSizes(layout: Layout): readonly UsefulSize[] {
  const sizes: UsefulSize[] = [];
  for (let replicas = 1; replicas <= mostUseful(layout); replicas++) {
    const load = maxLoad(layout, replicas);
    if (load !== sizes.at(-1)?.maxLoad) sizes.push({ replicas, maxLoad: load });
  }
  return sizes;
}

/** The most replicas that get a partition. */
export function mostUseful(layout: Layout): number {
  return replicaCap(layout.partitionsPerTopic, layout.assignor, layout.threadsPerReplica);
}

/**
 * The smallest useful size that is at least `wanted`, within the bounds; where none is, the smallest that
 * is as fast as the largest allowed one. minReplicas wins over all of this.
 */
export function usefulSizeFor(wanted: number, layout: Layout, bounds: ReplicaBounds): number {
  const allowed = usefulSizes(layout).filter(({ replicas }) => replicas <= bounds.maxReplicas);
  const size = allowed.find(({ replicas }) => replicas >= wanted) ?? allowed.at(-1);
  return Math.max(bounds.minReplicas, size?.replicas ?? 0);
}

/**
 * What the group can consume with evenly loaded partitions: C(n), in the unit of `capacityPerReplica`.
 * Its partitions are as fast as those of the most loaded member.
 */
export function capacityOf(layout: Layout, replicas: number, capacityPerReplica: number): number {
  if (replicas === 0) return 0;
  const partitions = layout.partitionsPerTopic.reduce((sum, count) => sum + count, 0);
  const ofMember = capacityPerReplica / layout.threadsPerReplica;
  return (ofMember * partitions) / maxLoad(layout, replicas);
}
