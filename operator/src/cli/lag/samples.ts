import type { OffsetReading, PartitionOffsets } from '../../autoscaler/types.ts';

/** Offsets of a partition and when they were read, epoch milliseconds. */
export interface PartitionSample {
  readonly offsets: PartitionOffsets;
  readonly at: number;
}

interface Samples {
  get(topic: string, partition: number): PartitionSample | undefined;
}

/** The offsets of a reading by partition; none of one that failed. */
export function samplesOf(reading: OffsetReading | undefined): Samples {
  const byTopic = new Map<string, Map<number, PartitionSample>>();
  for (const offsets of reading?.kind === 'observed' ? reading.partitions : []) {
    const ofTopic = byTopic.get(offsets.topic) ?? new Map();
    byTopic.set(offsets.topic, ofTopic);
    ofTopic.set(offsets.partition, { offsets, at: reading?.kind === 'observed' ? reading.at : 0 });
  }
  return { get: (topic, partition) => byTopic.get(topic)?.get(partition) };
}
