import type { CommitSample } from './commit-status.ts';
import type { OffsetTable } from './offset-table.ts';

/** As many commits as Burrow looks at. */
export const windowLength = 10;
/** Between so many commits lie so many pauses. */
export const pausesInWindow: number = windowLength - 1;
/** Of one pause: a group that was idle for long has not become a slow one. */
const longestPauseMs = 300_000;
/** A poll cannot see a commit that repeats an offset: after this time it counts as one. */
const repeatMs = 30_000;

/**
 * The last commits of a column, oldest first, at most ten. Polls stand in for commits: a sample is taken
 * where the offset had moved, and every 30 s while it stands still.
 */
export function commitSamples(
  commits: OffsetTable,
  ends: OffsetTable,
  column: number,
): readonly CommitSample[] {
  const samples: CommitSample[] = [];
  // Both tables get their rows at the same times.
  const twin = ends.rows - commits.rows;
  for (let row = commits.rows - 1; row >= 0 && samples.length < windowLength; row--) {
    const offset = commits.offset(row, column);
    if (Number.isNaN(offset)) continue;
    const until = commits.time(row);
    row = startOfRun(commits, column, row);
    const from = commits.time(row);
    // Rows inside a flat run may have been left out: its repetitions are counted by time.
    let repeat = Math.floor((until - from) / repeatMs);
    for (; repeat >= 0 && samples.length < windowLength; repeat--) {
      const at = from + repeat * repeatMs;
      const end = endAt(ends, column, at, row + twin);
      samples.push({ offset, at, lag: end === undefined ? end : Math.max(0, end - offset) });
    }
  }
  return samples.reverse();
}

/**
 * The mean of about the last nine pauses between commits, ms: the rows that would tell it are thinned away
 * by the time it is needed. It starts high, so that few commits do not look like all of them.
 * @param before 0 while there is none
 * @param pauseMs 0 while it is unknown
 */
export function usualInterval(before: number, pauseMs: number): number {
  if (pauseMs === 0) return before;
  const mean = before === 0 ? repeatMs : before;
  return mean + (Math.min(pauseMs, longestPauseMs) - mean) / pausesInWindow;
}

/** The first of the rows up to this one in which a column is the same, or unknown. */
function startOfRun(table: OffsetTable, column: number, row: number): number {
  const offset = table.offset(row, column);
  let first = row;
  for (let earlier = row - 1; earlier >= 0; earlier--) {
    const before = table.offset(earlier, column);
    if (before === offset) first = earlier;
    else if (!Number.isNaN(before)) break;
  }
  return first;
}

/** @param guess a row that may have just that time */
function endAt(table: OffsetTable, column: number, at: number, guess: number): number | undefined {
  const isIt = table.time(guess) === at && !Number.isNaN(table.offset(guess, column));
  return isIt ? table.offset(guess, column) : offsetAt(table, column, at);
}

/** The offset of a column at some time, on the line between the points around it; undefined outside. */
export function offsetAt(table: OffsetTable, column: number, at: number): number | undefined {
  const before = table.rowAt(at);
  const left = table.lastKnown(column, before);
  const right = table.time(left) === at ? left : table.firstKnown(column, before + 1);
  const offset = table.offset(left, column);
  const growth = table.offset(right, column) - offset;
  if (Number.isNaN(growth)) return undefined;
  if (growth === 0) return offset;
  return offset + (growth * (at - table.time(left))) / (table.time(right) - table.time(left));
}
