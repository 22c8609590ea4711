export const partitionsPerTopic = 10;
export const mostGroups = 10_000;
/** Of the layout `shared`. */
export const sharedTopics = 1_000;

/**
 * `shared`: at most 1,000 topics, so that ten groups of 10,000 read the same one. `own`: each group has a
 * topic to itself. The first 1,000 groups are the same in both.
 */
export type Layout = 'shared' | 'own';

/** What one scaler reads. */
export interface Subject {
  readonly group: string;
  readonly topic: string;
}

const numbered = (name: string, index: number): string =>
  `${name}-${String(index).padStart(5, '0')}`;
export const topicName = (index: number): string => numbered('topic', index);
export const groupName = (index: number): string => numbered('group', index);

export function topicIndexOf(layout: Layout, group: number): number {
  return layout === 'own' ? group : group % sharedTopics;
}

/** The first `groups` of a layout. */
export function subjectsOf(layout: Layout, groups: number): Subject[] {
  return range(0, groups).map((index) => ({
    group: groupName(index),
    topic: topicName(topicIndexOf(layout, index)),
  }));
}

export function distinctPartitions(layout: Layout, groups: number): number {
  return partitionsPerTopic * (layout === 'own' ? groups : Math.min(groups, sharedTopics));
}

/** Records in a partition, 1 to 16: neighbours differ, so that an answer for another partition shows. */
export function recordsIn(topic: number, partition: number): number {
  return 1 + ((topic * 7 + partition * 5) % 16);
}

/** What a group has committed: from nothing read (0) to everything. */
export function committedBy(group: number, topic: number, partition: number): number {
  return (group * 11 + partition * 3) % (recordsIn(topic, partition) + 1);
}

/** From `first` up to, and without, `end`. */
export function range(first: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
}

/**
 * Where to put partitions so that all brokers end up with the same number.
 * @param loads partitions that each broker has, by its id; brought up to date
 * @returns the id of the broker for each partition
 */
export function placed(partitions: number, loads: Map<number, number>): number[] {
  return range(0, partitions).map(() => {
    const [id] = [...loads].reduce((least, one) => (one[1] < least[1] ? one : least));
    loads.set(id, (loads.get(id) ?? 0) + 1);
    return id;
  });
}
