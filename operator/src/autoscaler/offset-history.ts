import { Columns } from './columns.ts';
import { usualInterval } from './commit-samples.ts';
import type { RecordRef } from './confirmation.ts';
import { type LagRules, partitionLag } from './lag.ts';
import { type Membership, membershipAfter } from './membership.ts';
import { OffsetTable, type Tier } from './offset-table.ts';
import { empty, type PerColumn, withEntry, without } from './per-column.ts';
import type { Point } from './time-lag.ts';
import { withTrends } from './trends.ts';
import type { LagReading, OffsetReading, PartitionOffsets, PartitionTrend } from './types.ts';

/** End offsets are looked up by age, as far back as a group may be behind. */
const endTiers: readonly Tier[] = [
  { untilMs: 50_000, spacingMs: 5_000 },
  { untilMs: 300_000, spacingMs: 30_000 },
  { untilMs: 900_000, spacingMs: 120_000 },
  { untilMs: 3_600_000, spacingMs: 900_000 },
  { untilMs: 21_600_000, spacingMs: 7_200_000 },
];
/** Commits only give rates and a status of the last minutes. */
const commitTiers: readonly Tier[] = [
  { untilMs: 50_000, spacingMs: 5_000 },
  { untilMs: 300_000, spacingMs: 60_000 },
];

/** A clock that was set back further is another clock; up to it readings wait for the old time. */
const clockStepMs = 10_000;
/** Beyond this a number of offsets is not exact. */
const farthest = Number.MAX_SAFE_INTEGER;

type Reset = PartitionTrend['reset'];
type Observed = Extract<OffsetReading, { kind: 'observed' }>;

/**
 * What one scaler remembers of the offsets of its group: takes a reading and gives it back with its
 * trends. It has no clock, time is that of the readings. Losing it is safe: trends are unknown at first.
 */
export class OffsetHistory {
  readonly #columns = new Columns();
  #ends = new OffsetTable(0, endTiers);
  #commits = new OffsetTable(0, commitTiers);
  /** Per column: epoch milliseconds of the last move of its commit; NaN when none was seen. */
  #movedAt: number[] = [];
  /** Per column: how long the commit had stood still before that, ms; 0 while unknown. */
  #pauses: number[] = [];
  /** Per column: how long it usually stands still between commits, ms; 0 while unknown. */
  #commitIntervals: number[] = [];
  /** Per column, where it happened: epoch milliseconds of the last commit that went back. */
  #rewoundAt: PerColumn<number> = empty();
  #membership: Membership = { members: undefined, changedAt: undefined };
  /** Per column: a record whose time is known, older than the table. */
  #confirmed: PerColumn<Point> = empty();

  /** Points in time that are kept: bounded, however long it goes on. */
  get size(): number {
    return this.#ends.rows + this.#commits.rows;
  }

  observe(reading: OffsetReading, rules: LagRules): LagReading {
    if (reading.kind === 'unavailable') return reading;
    const { at, partitions } = reading;
    this.#arrange(partitions);
    if (at < this.#ends.newestTime - clockStepMs) this.#forget();
    // A commit that lies beyond the end for the second time is none (algorithm of lag.ts).
    const beyond = partitions.map((_, i) => this.#commits.newest(i) > this.#ends.newest(i));
    const resets = at > this.#ends.newestTime ? this.#record(reading) : [];
    const seen = partitions.map((offsets, i) => {
      const { lag } = partitionLag(offsets, rules, beyond[i] ? 2 : 1);
      const end = this.#columns.relative(i, offsets.end);
      return { offsets, lag, position: end - Number(lag ?? Number.NaN), reset: resets[i] };
    });
    const past = {
      ends: this.#ends,
      commits: this.#commits,
      movedAt: this.#movedAt,
      pauses: this.#pauses,
      commitIntervals: this.#commitIntervals,
      rewoundAt: this.#rewoundAt,
      membershipChangedAt: this.#membership.changedAt,
      confirmed: this.#confirmed,
    };
    return { ...reading, ...withTrends(seen, past) };
  }

  /**
   * The timestamp of a record corrects estimates from the next reading on. It may have been set by a
   * producer: a record cannot be younger than the oldest end offset that is known to lie behind it.
   * @param timestampMs epoch milliseconds; without one (-1) nothing changes
   */
  confirm(record: RecordRef, timestampMs: number): void {
    const column = this.#columns.indexOf(record);
    const oldest = this.#ends.oldestTime(column);
    if (!(timestampMs >= 0) || Number.isNaN(oldest)) return;
    const time = Math.min(timestampMs, oldest);
    const point = { offset: this.#columns.relative(column, record.offset), time };
    this.#confirmed = withEntry(this.#confirmed, column, point);
  }

  /** Columns as the partitions of the reading: grown ones start a history, those gone lose theirs. */
  #arrange(partitions: readonly PartitionOffsets[]): void {
    const from = this.#columns.arrange(partitions);
    if (!from) return;
    this.#ends = this.#ends.rearranged(from);
    this.#commits = this.#commits.rearranged(from);
    this.#movedAt = from.map((column) => this.#movedAt[column ?? -1] ?? Number.NaN);
    this.#pauses = from.map((column) => this.#pauses[column ?? -1] ?? 0);
    this.#commitIntervals = from.map((column) => this.#commitIntervals[column ?? -1] ?? 0);
    this.#rewoundAt = empty();
    this.#confirmed = empty();
  }

  #forget(): void {
    this.#ends = new OffsetTable(this.#ends.columns, endTiers);
    this.#commits = new OffsetTable(this.#commits.columns, commitTiers);
    this.#movedAt.fill(Number.NaN);
    this.#pauses.fill(0);
    this.#commitIntervals.fill(0);
    this.#rewoundAt = empty();
    this.#membership = { ...this.#membership, changedAt: undefined };
    this.#confirmed = empty();
  }

  #record({ at, partitions, group }: Observed): readonly Reset[] {
    const resets = partitions.map((p, i) => this.#reset(p, i));
    const ends = partitions.map((p, i) => this.#columns.relative(i, p.end));
    const commits = partitions.map((p, i) => this.#columns.relative(i, committedOf(p)));
    for (const [i, commit] of commits.entries()) this.#noteMove(i, commit, at);
    this.#membership = membershipAfter(this.#membership, group, at);
    this.#ends.insert(at, ends);
    this.#ends.thin(undefined);
    this.#commits.insert(at, commits);
    this.#commits.thin(this.#membership.changedAt);
    return resets;
  }

  /** The first commit of a partition that was watched before is a move too. */
  #noteMove(column: number, commit: number, at: number): void {
    const before = this.#commits.newest(column);
    const isWatched = !Number.isNaN(this.#ends.newest(column));
    if (Number.isNaN(commit) || commit === before || !isWatched) return;
    const { [column]: movedAt = Number.NaN } = this.#movedAt;
    const pauseMs = Number.isNaN(movedAt) ? 0 : at - movedAt;
    this.#pauses[column] = pauseMs;
    this.#commitIntervals[column] = usualInterval(this.#commitIntervals[column] ?? 0, pauseMs);
    this.#movedAt[column] = at;
    if (commit < before) this.#rewoundAt = withEntry(this.#rewoundAt, column, at);
  }

  /** Offsets of a topic that was created again, or that went back, have nothing to do with the old ones. */
  #reset(p: PartitionOffsets, column: number): Reset {
    const isRecreated = this.#columns.isRecreated(column, p);
    const end = this.#columns.relative(column, p.end);
    const isLower = this.#ends.restartIfLower(column, end);
    const isFar = Math.abs(end) > farthest;
    if (isRecreated || isLower || isFar) this.#clear(column);
    if (isFar) this.#columns.rebase(column, p.end ?? 0n);
    if (isRecreated) return 'topicRecreated';
    return isLower ? 'endWentBack' : undefined;
  }

  #clear(column: number): void {
    this.#ends.clear(column);
    this.#commits.clear(column);
    this.#movedAt[column] = Number.NaN;
    this.#pauses[column] = 0;
    this.#commitIntervals[column] = 0;
    this.#rewoundAt = without(this.#rewoundAt, column);
    this.#confirmed = without(this.#confirmed, column);
  }
}

function committedOf({ committed }: PartitionOffsets): bigint | undefined {
  return typeof committed === 'bigint' ? committed : undefined;
}
