import { commitSamples, offsetAt, pausesInWindow, windowLength } from './commit-samples.ts';
import {
  type CommitStatus,
  type CommitWindow,
  commitStatus,
  groupCommitStatus,
  hasStopped,
  isStalled,
  wasCaughtUp,
} from './commit-status.ts';
import type { OffsetTable } from './offset-table.ts';
import type { PerColumn } from './per-column.ts';
import { atRest, type Rates, rateOf, ratesOf, rateWindows, sumOfRates } from './rates.ts';
import { isGroupStopped, type Standing, stalledPartitions } from './standstill.ts';
import { lookUpTime, type Point } from './time-lag.ts';
import type {
  GroupTrend,
  PartitionOffsets,
  PartitionReading,
  PartitionTrend,
  TimeLag,
} from './types.ts';

/** A partition as a reading shows it; its column in the tables is its index. */
export interface Seen {
  readonly offsets: PartitionOffsets;
  /** Records; undefined while unknown. */
  readonly lag: bigint | undefined;
  /** Where the group stands, counted as in the tables; NaN while unknown. */
  readonly position: number;
  readonly reset: PartitionTrend['reset'];
}

/** What is remembered of the readings up to this one. */
export interface Past {
  readonly ends: OffsetTable;
  readonly commits: OffsetTable;
  /** Per column: epoch milliseconds of the last move of its commit; NaN when none was seen. */
  readonly movedAt: readonly number[];
  /** Per column: how long the commit had stood still before that, ms; 0 while unknown. */
  readonly pauses: readonly number[];
  /** Per column: how long it usually stands still between commits, ms; 0 while unknown. */
  readonly commitIntervals: readonly number[];
  readonly rewoundAt: PerColumn<number>;
  readonly membershipChangedAt: number | undefined;
  readonly confirmed: PerColumn<Point>;
}

/** Burrow: a group that was up to date within this time has not stopped. */
const recentMs = 60_000;
const caughtUp: TimeLag = { seconds: 0, basis: 'caughtUp' };

/** The partitions of a reading with their trends, and the trend of the group. */
export function withTrends(
  seen: readonly Seen[],
  past: Past,
): { readonly partitions: readonly PartitionReading[]; readonly trend: GroupTrend } {
  const { ends, membershipChangedAt } = past;
  // Lists side by side: another object for each partition would be most of what a reading costs.
  const arrivals = arrivalsOf(seen, past);
  const consumptions = consumptionsOf(seen, past);
  const timeLags = seen.map((partition, column) => partitionTimeLag(partition, column, past));
  const statuses = seen.map((partition, column) => statusOf(partition, column, past));
  const standings = seen.map((partition, column) => standingOf(partition, column, past));
  const consumptionRate = rateOf(sumOfRates(consumptions));
  const group = { membershipChangedAt, consumptionRate };
  const stalled = stalledPartitions(standings, ends.newestTime, group);
  const partitions = seen.map(({ offsets, reset }, column) =>
    readingOf(offsets, {
      arrivalRate: rateOf(arrivals[column]),
      consumptionRate: rateOf(consumptions[column]),
      timeLag: timeLags[column],
      status: statuses[column] ?? 'OK',
      stalled: stalled[column] === true,
      stillSince: movedAtOf(column, past) ?? seenSince(column, past),
      reset,
    }),
  );
  return {
    partitions,
    trend: {
      arrivalRate: rateOf(sumOfRates(arrivals)),
      consumptionRate,
      ...timeLagOf(timeLags, arrivals),
      status: groupCommitStatus(statuses),
      stopped: isGroupStopped(standings, ends.newestTime, membershipChangedAt),
      membershipChangedAt,
    },
  };
}

/** Field by field, which is several times as fast as a spread. */
function readingOf(offsets: PartitionOffsets, trend: PartitionTrend): PartitionReading {
  const { topic, topicId, partition, committed, end, logStart } = offsets;
  return { topic, topicId, partition, committed, end, logStart, trend };
}

type RatesByColumn = readonly (Rates | undefined)[];

const never = Number.NEGATIVE_INFINITY;

function arrivalsOf(seen: readonly Seen[], { ends }: Past): RatesByColumn {
  const windows = rateWindows(ends);
  return seen.map((_, column) => ratesOf(ends, column, never, windows));
}

/** What was never committed was not consumed, as far as anybody can tell. */
function consumptionsOf(seen: readonly Seen[], past: Past): RatesByColumn {
  const { commits, membershipChangedAt = never, rewoundAt } = past;
  const windows = rateWindows(commits);
  return seen.map(({ offsets }, column) => {
    if (offsets.committed === 'none') return atRest;
    const since = Math.max(membershipChangedAt, rewoundAt.get(column) ?? never);
    return ratesOf(commits, column, since, windows);
  });
}

function partitionTimeLag(
  { lag, position }: Seen,
  column: number,
  { ends, confirmed }: Past,
): TimeLag | undefined {
  if (Number.isNaN(position)) return undefined;
  if (lag === 0n) return caughtUp;
  const found = lookUpTime(ends, column, position, confirmed.get(column));
  return found && { seconds: found.lag / 1000, basis: found.state };
}

/** Too few samples say nothing, but that there are no more. */
function statusOf({ lag = 0n }: Seen, column: number, past: Past): CommitStatus {
  if (lag === 0n) return 'OK';
  const window = commitWindow(Number(lag), column, past);
  if (window.samples.length >= windowLength) return commitStatus(window);
  return hasStopped(window) && !wasCaughtUp(window) ? 'STOP' : 'OK';
}

function commitWindow(currentLag: number, column: number, past: Past): CommitWindow {
  const samples = commitSamples(past.commits, past.ends, column);
  const now = past.commits.newestTime;
  const { [column]: lastMoveAt = Number.NaN } = past.movedAt;
  const { [column]: intervalMs = 0 } = past.commitIntervals;
  // An offset that repeats in all samples may have been committed until now.
  const isRepeated = samples.length >= windowLength && isStalled(samples);
  const isTimed = intervalMs > 0 && !isRepeated;
  const lastCommitAt = isTimed ? lastMoveAt : now;
  return {
    samples,
    lastCommitAt,
    commitsTookMs: isTimed ? pausesInWindow * intervalMs : undefined,
    // Asked for after a silence only.
    recentEnds: lastCommitAt < now ? recentEnds(column, past) : [],
    currentLag,
    now,
    allowedLag: 0,
  };
}

function recentEnds(column: number, { ends }: Past): readonly number[] {
  const end = offsetAt(ends, column, ends.newestTime - recentMs);
  return end === undefined ? [] : [end];
}

function standingOf({ lag }: Seen, column: number, past: Past): Standing {
  const { [column]: pauseMs = 0 } = past.pauses;
  return {
    lag,
    movedAt: movedAtOf(column, past),
    seenSince: seenSince(column, past),
    pauseMs,
  };
}

function movedAtOf(column: number, { movedAt }: Past): number | undefined {
  const { [column]: at = Number.NaN } = movedAt;
  return Number.isNaN(at) ? undefined : at;
}

function seenSince(column: number, { ends }: Past): number {
  const oldest = ends.oldestTime(column);
  return Number.isNaN(oldest) ? ends.newestTime : oldest;
}

/** Unknown while one partition is: the worst one could be just that. */
function timeLagOf(
  timeLags: readonly (TimeLag | undefined)[],
  arrivals: RatesByColumn,
): Pick<GroupTrend, 'maxTimeLag' | 'meanTimeLag'> {
  let max = 0;
  const sums = { weighted: 0, weight: 0, plain: 0 };
  for (const [i, timeLag] of timeLags.entries()) {
    if (!timeLag) return { maxTimeLag: undefined, meanTimeLag: undefined };
    const weight = rateOf(arrivals[i]) ?? 0;
    max = Math.max(max, timeLag.seconds);
    sums.weighted += timeLag.seconds * weight;
    sums.weight += weight;
    sums.plain += timeLag.seconds;
  }
  if (timeLags.length === 0) return { maxTimeLag: undefined, meanTimeLag: undefined };
  // Nothing arrives: every partition weighs the same.
  const mean = sums.weight > 0 ? sums.weighted / sums.weight : sums.plain / timeLags.length;
  return { maxTimeLag: max, meanTimeLag: mean };
}
