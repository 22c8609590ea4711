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
import { type Rates, rateOf, ratesOf, sumOfRates } from './rates.ts';
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

interface Measured extends Seen {
  readonly arrival: Rates | undefined;
  readonly consumption: Rates | undefined;
  readonly timeLag: TimeLag | undefined;
  readonly status: CommitStatus;
  readonly standing: Standing;
}

/** Burrow: a group that was up to date within this time has not stopped. */
const recentMs = 60_000;
const noRates: Rates = { fast: 0, slow: 0 };

/** The partitions of a reading with their trends, and the trend of the group. */
export function withTrends(
  seen: readonly Seen[],
  past: Past,
): { readonly partitions: readonly PartitionReading[]; readonly trend: GroupTrend } {
  const measured = seen.map((partition, column) => measure(partition, column, past));
  const standings = measured.map(({ standing }) => standing);
  const now = past.ends.newestTime;
  const stalled = stalledPartitions(standings, now, past.membershipChangedAt);
  return {
    partitions: measured.map((m, i) => readingOf(m, stalled[i] === true)),
    trend: {
      arrivalRate: rateOf(sumOfRates(measured.map((m) => m.arrival))),
      consumptionRate: rateOf(sumOfRates(measured.map((m) => m.consumption))),
      ...timeLagOf(measured),
      status: groupCommitStatus(measured.map((m) => m.status)),
      stopped: isGroupStopped(standings, now, past.membershipChangedAt),
      membershipChangedAt: past.membershipChangedAt,
    },
  };
}

function readingOf(measured: Measured, stalled: boolean): PartitionReading {
  const { offsets, arrival, consumption, timeLag, status, standing, reset } = measured;
  const trend: PartitionTrend = {
    arrivalRate: rateOf(arrival),
    consumptionRate: rateOf(consumption),
    timeLag,
    status,
    stalled,
    stillSince: standing.movedAt ?? standing.seenSince,
    reset,
  };
  return { ...offsets, trend };
}

function measure(seen: Seen, column: number, past: Past): Measured {
  return {
    ...seen,
    arrival: ratesOf(past.ends, column, Number.NEGATIVE_INFINITY),
    consumption: consumptionOf(seen, column, past),
    timeLag: partitionTimeLag(seen, column, past),
    status: statusOf(seen, column, past),
    standing: standingOf(seen, column, past),
  };
}

/** What was never committed was not consumed, as far as anybody can tell. */
function consumptionOf({ offsets }: Seen, column: number, past: Past): Rates | undefined {
  if (offsets.committed === 'none') return noRates;
  const never = Number.NEGATIVE_INFINITY;
  const { commits, membershipChangedAt = never, rewoundAt } = past;
  const since = Math.max(membershipChangedAt, rewoundAt.get(column) ?? never);
  return ratesOf(commits, column, since);
}

function partitionTimeLag(
  { lag, position }: Seen,
  column: number,
  { ends, confirmed }: Past,
): TimeLag | undefined {
  if (Number.isNaN(position)) return undefined;
  if (lag === 0n) return { seconds: 0, basis: 'caughtUp' };
  const found = lookUpTime(ends, column, position, confirmed.get(column));
  return found && { seconds: found.lag / 1000, basis: found.state };
}

/** Too few samples say nothing, but that there are no more. */
function statusOf({ lag = 0n }: Seen, column: number, past: Past): CommitStatus {
  if (lag === 0n) return 'OK';
  const samples = commitSamples(past.commits, past.ends, column);
  const now = past.commits.newestTime;
  const end = offsetAt(past.ends, column, now - recentMs);
  const window = {
    samples,
    ...commitTimes(samples, column, past),
    recentEnds: end === undefined ? [] : [end],
    currentLag: Number(lag),
    now,
    allowedLag: 0,
  };
  if (samples.length >= windowLength) return commitStatus(window);
  return hasStopped(window) && !wasCaughtUp(window) ? 'STOP' : 'OK';
}

type CommitTimes = Pick<CommitWindow, 'lastCommitAt' | 'commitsTookMs'>;

/** An offset that repeats in all samples may have been committed until now. */
function commitTimes(
  samples: CommitWindow['samples'],
  column: number,
  { commits, movedAt, commitIntervals }: Past,
): CommitTimes {
  const { [column]: lastCommitAt = Number.NaN } = movedAt;
  const { [column]: intervalMs = 0 } = commitIntervals;
  const isRepeated = samples.length >= windowLength && isStalled(samples);
  if (intervalMs === 0 || isRepeated) return { lastCommitAt: commits.newestTime };
  return { lastCommitAt, commitsTookMs: pausesInWindow * intervalMs };
}

function standingOf({ lag }: Seen, column: number, past: Past): Standing {
  const { [column]: movedAt = Number.NaN } = past.movedAt;
  const { [column]: pauseMs = 0 } = past.pauses;
  const watchedSince = past.ends.oldestTime(column);
  return {
    lag,
    movedAt: Number.isNaN(movedAt) ? undefined : movedAt,
    seenSince: Number.isNaN(watchedSince) ? past.ends.newestTime : watchedSince,
    pauseMs,
  };
}

/** Unknown while one partition is: the worst one could be just that. */
function timeLagOf(measured: readonly Measured[]): Pick<GroupTrend, 'maxTimeLag' | 'meanTimeLag'> {
  let max = 0;
  const sums = { weighted: 0, weight: 0, plain: 0 };
  for (const { timeLag, arrival } of measured) {
    if (!timeLag) return { maxTimeLag: undefined, meanTimeLag: undefined };
    const weight = rateOf(arrival) ?? 0;
    max = Math.max(max, timeLag.seconds);
    sums.weighted += timeLag.seconds * weight;
    sums.weight += weight;
    sums.plain += timeLag.seconds;
  }
  if (measured.length === 0) return { maxTimeLag: undefined, meanTimeLag: undefined };
  // Nothing arrives: every partition weighs the same.
  const mean = sums.weight > 0 ? sums.weighted / sums.weight : sums.plain / measured.length;
  return { maxTimeLag: max, meanTimeLag: mean };
}
