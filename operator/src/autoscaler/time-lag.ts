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
  const newest = pointAt(table, column, table.rows - 1);
  if (!newest) return undefined;
  if (offset >= newest.offset)
    return found('caughtUp', undefined, newest, { ahead: offset > newest.offset });
  let right = newest;
  for (let row = newest.row - 1; row >= 0; ) {
    const left = pointAt(table, column, row);
    if (!left) break;
    if (left.offset <= offset) return found('interpolated', between(left, right, offset), newest);
    right = left;
    row = left.row - 1;
  }
  const isConfirmed = confirmed && confirmed.offset <= offset && confirmed.time <= right.time;
  if (isConfirmed) return found('confirmed', between(confirmed, right, offset), newest);
  return beforeTable(right, newest, offset);
}

/** The offset lies below the oldest point: it is at least as old as the table. */
function beforeTable(oldest: Point, newest: Point, offset: number): TimeLookup | undefined {
  if (oldest === newest) return undefined;
  if (oldest.offset === newest.offset)
    return { ...found('lowerBound', oldest.time, newest), timeAtOffset: undefined };
  return found('extrapolated', between(oldest, newest, offset), newest);
}

/** On the line through two points of different offset; also outside of them. */
function between(left: Point, right: Point, offset: number): number {
  const perRecord = (right.time - left.time) / (right.offset - left.offset);
  return right.time - (right.offset - offset) * perRecord;
}

function found(
  state: TimeLookup['state'],
  timeAtOffset: number | undefined,
  newest: Point,
  { ahead = false } = {},
): TimeLookup {
  const lag = timeAtOffset === undefined ? 0 : Math.max(0, newest.time - timeAtOffset);
  return { state, timeAtOffset, lag, aheadOfTable: ahead };
}

/** The newest point of a column up to a row. */
function pointAt(
  table: OffsetTable,
  column: number,
  from: number,
): (Point & { readonly row: number }) | undefined {
  const row = table.lastKnown(column, from);
  return row < 0 ? undefined : { offset: table.offset(row, column), time: table.time(row), row };
}
