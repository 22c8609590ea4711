import type { LagRow } from './rows.ts';

/**
 * Records that arrive in the partition per second, from two readings.
 * @returns undefined with one reading, or when the topic was created again or cut in between
 */
export function arrivalRate(row: LagRow): number | undefined {
  const step = stepOf(row);
  return step && (Number(step.records) * 1000) / step.ms;
}

/**
 * Seconds since the first record that the group has not read was written: 0 for a group that has read
 * all, an interpolation when that record arrived between the two readings.
 * @param recordAt when that record was written, epoch milliseconds, where somebody looked
 * @returns undefined when nobody can say
 */
export function behindSeconds(row: LagRow, recordAt: number | undefined): number | undefined {
  const { currentOffset, lag, at } = row;
  if (currentOffset === undefined || lag === undefined) return undefined;
  if (lag <= 0n) return 0;
  if (recordAt !== undefined) return Math.max(0, at - recordAt) / 1000;
  const step = stepOf(row);
  if (!step || currentOffset < step.from) return undefined;
  return (Number(lag) * step.ms) / Number(step.records) / 1000;
}

interface Step {
  /** The end offset of the first reading. */
  readonly from: bigint;
  readonly records: bigint;
  readonly ms: number;
}

function stepOf({ before, logEndOffset, topicId, at }: LagRow): Step | undefined {
  const from = before?.offsets.end;
  if (!before || from === undefined || logEndOffset === undefined) return undefined;
  const [records, ms] = [logEndOffset - from, at - before.at];
  const isSame = before.offsets.topicId === topicId;
  return isSame && records >= 0n && ms > 0 ? { from, records, ms } : undefined;
}
