import type { LagReading, PartitionReading } from './types.ts';

/** A record by its place. */
export interface RecordRef {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** One fetch for each group in this time at most. */
const intervalMs = 30_000;

/**
 * The record whose timestamp would tell most: the next one to be read on the partition that is most
 * behind, while its age is only extrapolated or bounded. Undefined when there is none, or too soon.
 * @param askedAt epoch milliseconds of the last one; undefined when there was none
 */
export function recordToConfirm(
  reading: LagReading,
  askedAt: number | undefined,
): RecordRef | undefined {
  if (reading.kind === 'unavailable') return undefined;
  if (askedAt !== undefined && Math.abs(reading.at - askedAt) < intervalMs) return undefined;
  let worst: PartitionReading | undefined;
  for (const p of reading.partitions) if (secondsOf(p) > secondsOf(worst)) worst = p;
  return worst && isUnsure(worst) ? nextUnread(worst) : undefined;
}

function isUnsure({ trend }: PartitionReading): boolean {
  const basis = trend.timeLag?.basis;
  return basis === 'extrapolated' || basis === 'lowerBound';
}

function secondsOf(partition: PartitionReading | undefined): number {
  return partition?.trend.timeLag?.seconds ?? 0;
}

function nextUnread(p: PartitionReading): RecordRef | undefined {
  const { topic, partition, committed, logStart = 0n } = p;
  const from = typeof committed === 'bigint' && committed >= logStart ? committed : p.logStart;
  return from === undefined ? undefined : { topic, partition, offset: from };
}
