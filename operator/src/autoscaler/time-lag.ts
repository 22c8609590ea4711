import type { OffsetTable } from './offset-table.ts';

/** When the end of a partition reached an offset, as far as the table of its end offsets can say. */
export interface TimeLookup {
  readonly state:
    | 'caughtUp' // at the newest end, or ahead of it
    | 'interpolated' // between two points
    | 'confirmed' // older than the table, but a time is known from elsewhere
    | 'extrapolated' // older than the table: along the line from its oldest to its newest point
    | 'lowerBound'; // older than a table without growth: at least as old as the table
  /** Undefined where there is no such time, or no telling. */
  readonly timeAtOffset: number | undefined;
  /** From that time to the newest point, in the unit of the table; finite, never negative. */
  readonly lag: number;
  /** The table has not seen an end as high as this. */
  readonly aheadOfTable: boolean;
}

/** The end of a partition at some time. */
export interface Point {
  readonly offset: number;
  readonly time: number;
}

/**
 * Looks an offset up in a column of growing end offsets; undefined is unknown: nothing to compare with.
 * Never lag / throughput, which is 0/0 for an idle group and infinite for a stalled one.
 * @param confirmed a point older than the table
 */
export function lookUpTime(
  table: OffsetTable,
  column: number,
  offset: number,
  confirmed?: Point,
): TimeLookup | undefined {
  const newest = table.lastKnown(column);
  if (newest < 0) return undefined;
  const now = table.time(newest);
  const end = table.offset(newest, column);
  if (offset >= end) return found('caughtUp', now, undefined, offset > end);
  let right = newest;
  for (let left = table.lastKnown(column, newest - 1); left >= 0; ) {
    if (table.offset(left, column) <= offset) {
      const time = between(pointAt(table, column, left), pointAt(table, column, right), offset);
      return found('interpolated', now, time);
    }
    right = left;
    left = table.lastKnown(column, left - 1);
  }
  const oldest = pointAt(table, column, right);
  if (confirmed && confirmed.offset <= offset && confirmed.time <= oldest.time)
    return found('confirmed', now, between(confirmed, oldest, offset));
  if (right === newest) return undefined;
  return beforeTable(oldest, { offset: end, time: now }, offset);
}

/** The offset lies below the oldest point: it is at least as old as the table. */
function beforeTable(oldest: Point, newest: Point, offset: number): TimeLookup {
  if (oldest.offset === newest.offset)
    return { ...found('lowerBound', newest.time, oldest.time), timeAtOffset: undefined };
  return found('extrapolated', newest.time, between(oldest, newest, offset));
}

/** On the line through two points of different offset; also outside of them. */
function between(left: Point, right: Point, offset: number): number {
  const perRecord = (right.time - left.time) / (right.offset - left.offset);
  return right.time - (right.offset - offset) * perRecord;
}

function found(
  state: TimeLookup['state'],
  now: number,
  timeAtOffset: number | undefined,
  aheadOfTable = false,
): TimeLookup {
  const lag = timeAtOffset === undefined ? 0 : Math.max(0, now - timeAtOffset);
  return { state, timeAtOffset, lag, aheadOfTable };
}

const pointAt = (table: OffsetTable, column: number, row: number): Point => ({
  offset: table.offset(row, column),
  time: table.time(row),
});
