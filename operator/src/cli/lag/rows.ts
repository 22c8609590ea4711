import type { MemberAssignment, OffsetReading, PartitionOffsets } from '../../autoscaler/types.ts';
import { type PartitionSample, samplesOf } from './samples.ts';

type Observed = Extract<OffsetReading, { kind: 'observed' }>;

/** One partition that a group has committed or one of its members owns. */
export interface LagRow {
  readonly topic: string;
  readonly partition: number;
  /** Undefined when the group never committed here, or nobody could say. */
  readonly currentOffset: bigint | undefined;
  readonly neverCommitted: boolean;
  readonly logStartOffset: bigint | undefined;
  readonly logEndOffset: bigint | undefined;
  /** `logEndOffset − currentOffset`, as Kafka's tool has it: also negative, and with deleted records. */
  readonly lag: bigint | undefined;
  /** Undefined when no member owns it. */
  readonly member: MemberAssignment | undefined;
  /** Epoch milliseconds at which the offsets were read. */
  readonly at: number;
  /** The same partition a moment before. */
  readonly before: PartitionSample | undefined;
  readonly topicId: string | undefined;
}

/**
 * The rows of one group in the order of Kafka's tool: members with more partitions first, then what no
 * member owns. Where that tool leaves the order to chance, topic and partition decide.
 */
export function rowsOf(reading: Observed, earlier: OffsetReading | undefined): readonly LagRow[] {
  const offsets = samplesOf(reading);
  const before = samplesOf(earlier);
  const row = (topic: string, partition: number, member?: MemberAssignment) =>
    toRow({
      topic,
      partition,
      member,
      offsets: offsets.get(topic, partition)?.offsets,
      at: reading.at,
      before: before.get(topic, partition),
    });
  const owned = members(reading).flatMap((member) =>
    inOrder(
      member.partitions.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => row(topic, partition, member)),
      ),
    ),
  );
  const taken = new Set(owned.map(({ topic, partition }) => `${topic}/${partition}`));
  const others = reading.partitions
    .filter((p) => p.committed !== 'none' && !taken.has(`${p.topic}/${p.partition}`))
    .map((p) => row(p.topic, p.partition));
  return [...owned, ...inOrder(others)];
}

function members({ group }: Observed): readonly MemberAssignment[] {
  const sizeOf = ({ partitions }: MemberAssignment) =>
    partitions.reduce((sum, owned) => sum + owned.partitions.length, 0);
  return [...(group?.assignments ?? [])].sort((a, b) => sizeOf(b) - sizeOf(a));
}

function inOrder(rows: readonly LagRow[]): readonly LagRow[] {
  const byName = (a: string, b: string) => (a < b ? -1 : Number(a > b));
  return [...rows].sort((a, b) => byName(a.topic, b.topic) || a.partition - b.partition);
}

interface Found extends Pick<LagRow, 'topic' | 'partition' | 'member' | 'at' | 'before'> {
  readonly offsets: PartitionOffsets | undefined;
}

function toRow({ offsets, ...row }: Found): LagRow {
  const committed = offsets?.committed;
  const currentOffset = typeof committed === 'bigint' ? committed : undefined;
  const end = offsets?.end;
  return {
    ...row,
    currentOffset,
    neverCommitted: committed === 'none',
    logStartOffset: offsets?.logStart,
    logEndOffset: end,
    lag: currentOffset === undefined || end === undefined ? undefined : end - currentOffset,
    topicId: offsets?.topicId,
  };
}

/** Something about it could not be read. */
export const isUnreadable = (row: LagRow): boolean =>
  row.logEndOffset === undefined || (row.currentOffset === undefined && !row.neverCommitted);
