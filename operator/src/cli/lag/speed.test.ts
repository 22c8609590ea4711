import { describe, expect, test } from 'vitest';
import type { LagRow } from './rows.ts';
import { arrivalRate, behindSeconds } from './speed.ts';

/** Ten seconds after a reading that saw the end at 100, this one sees 150: five records a second. */
const row: LagRow = {
  topic: 'orders',
  partition: 0,
  currentOffset: 150n,
  neverCommitted: false,
  logStartOffset: 0n,
  logEndOffset: 150n,
  lag: 0n,
  member: undefined,
  at: 20_000,
  topicId: 'id',
  before: {
    at: 10_000,
    offsets: {
      topic: 'orders',
      topicId: 'id',
      partition: 0,
      committed: 100n,
      end: 100n,
      logStart: 0n,
    },
  },
};
const committed = (currentOffset: bigint): LagRow => ({
  ...row,
  currentOffset,
  lag: 150n - currentOffset,
});
const single: LagRow = { ...committed(120n), before: undefined };
const recreated: LagRow = { ...committed(120n), topicId: 'another' };
const truncated: LagRow = { ...row, currentOffset: 10n, logEndOffset: 20n, lag: 10n };
const endless: LagRow = { ...row, logEndOffset: undefined, lag: undefined };

describe('records arrive', () => {
  test.for([
    ['at the rate between two readings', row, 5],
    ['not at all', { ...row, logEndOffset: 100n }, 0],
    ['at an unknown rate with one reading', single, undefined],
    ['at an unknown rate when the topic was created again', recreated, undefined],
    ['at an unknown rate when the log was cut', truncated, undefined],
    ['at an unknown rate without an end', endless, undefined],
    ['at an unknown rate in no time', { ...row, at: 10_000 }, undefined],
  ] as const)('%s', ([, given, rate]) => expect(arrivalRate(given)).toBe(rate));
});

describe('a group is behind', () => {
  test.for<[string, LagRow, number | undefined, number | undefined]>([
    [
      'by nothing when it has read all, whatever the rate',
      { ...row, before: undefined },
      undefined,
      0,
    ],
    ['by nothing when it is beyond the end', committed(160n), undefined, 0],
    ['by the time since its next record arrived', committed(140n), undefined, 2],
    ['by all the time between the readings', committed(100n), undefined, 10],
    [
      'by an unknown time when that record is older than the first reading',
      committed(99n),
      undefined,
      undefined,
    ],
    ['by an unknown time with one reading', single, undefined, undefined],
    ['by the age of the record where that is known', single, 17_000, 3],
    ['by nothing when the record claims to be from the future', single, 21_000, 0],
    [
      'by an unknown time when it never committed',
      { ...row, currentOffset: undefined, lag: undefined },
      1,
      undefined,
    ],
    ['by an unknown time without an end', endless, undefined, undefined],
  ])('%s', ([, given, recordAt, seconds]) => expect(behindSeconds(given, recordAt)).toBe(seconds));
});
