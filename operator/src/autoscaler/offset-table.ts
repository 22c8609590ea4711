/** What became of a row: `moved` when it only prolonged a flat run, `dropped` when it was out of time order. */
export type Insertion = 'appended' | 'moved' | 'dropped';

/** Rows up to this age stay at least so far apart. */
export interface Tier {
  readonly untilMs: number;
  readonly spacingMs: number;
}

/** Polls are not exactly on time. */
const jitter = 0.9;
/** Room enough for a group in which nothing moves. */
const fewRows = 4;

/**
 * Offsets of all partitions of a group over time. A row is a reading: its time and one offset per column,
 * NaN while unknown. One typed array, row after row, since ten thousand groups have one (ADR 11).
 */
export class OffsetTable {
  readonly columns: number;
  readonly #tiers: readonly Tier[];
  #cells: Float64Array = new Float64Array(0);
  #rows = 0;

  /** @param tiers youngest first; without any, `thin` leaves every row where it is */
  constructor(columns: number, tiers: readonly Tier[]) {
    this.columns = columns;
    this.#tiers = tiers;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Bytes of the cells. */
  get byteLength(): number {
    return this.#cells.byteLength;
  }

  /** NaN outside of the table. */
  time(row: number): number {
    return row < this.#rows ? (this.#cells[row * this.#width] ?? Number.NaN) : Number.NaN;
  }

  /** NaN while unknown and outside of the table. */
  offset(row: number, column: number): number {
    if (row >= this.#rows) return Number.NaN;
    return this.#cells[row * this.#width + 1 + column] ?? Number.NaN;
  }

  /** The newest row that is not younger than a time; -1 when there is none. */
  rowAt(time: number): number {
    let below = -1;
    let above = this.#rows;
    while (above - below > 1) {
      const middle = (below + above) >> 1;
      if (this.time(middle) <= time) below = middle;
      else above = middle;
    }
    return below;
  }

  /** Time of the newest row; -Infinity when there is none. */
  get newestTime(): number {
    return this.#rows === 0 ? Number.NEGATIVE_INFINITY : this.time(this.#rows - 1);
  }

  /** The oldest row that is not older than a time; `rows` when there is none. */
  rowFrom(time: number): number {
    const row = this.rowAt(time);
    return this.time(row) === time ? row : row + 1;
  }

  /** The last row, up to this one, in which a column is known; -1 when there is none. */
  lastKnown(column: number, from = this.#rows - 1): number {
    let row = from;
    while (row >= 0 && Number.isNaN(this.offset(row, column))) row--;
    return row;
  }

  /** The first row, from this one on, in which a column is known; `rows` when there is none. */
  firstKnown(column: number, from = 0): number {
    let row = from;
    while (row < this.#rows && Number.isNaN(this.offset(row, column))) row++;
    return row;
  }

  /** Since when a column is known; NaN when it never was. */
  oldestTime(column: number): number {
    return this.time(this.firstKnown(column));
  }

  /** The last offset known of a column; NaN when there is none. */
  newest(column: number): number {
    return this.offset(this.lastKnown(column), column);
  }

  /** Of three equal rows the middle one goes: a flat run is its first and its last point. */
  insert(time: number, offsets: ArrayLike<number>): Insertion {
    const last = this.#rows - 1;
    if (time <= this.newestTime) return 'dropped';
    if (last >= 1 && this.#equals(last, offsets) && this.#equals(last - 1, offsets)) {
      this.#cells[last * this.#width] = time;
      return 'moved';
    }
    this.#reserve(this.#rows + 1);
    const start = this.#rows * this.#width;
    this.#cells[start] = time;
    this.#cells.set(offsets, start + 1);
    this.#rows++;
    return 'appended';
  }

  /** End offsets only grow: where one is smaller, its column starts anew. @returns whether it did */
  restartIfLower(column: number, end: number): boolean {
    const isLower = end < this.newest(column);
    if (isLower) this.clear(column);
    return isLower;
  }

  /** Forgets a column. A row in which nothing is known any more goes too. */
  clear(column: number): void {
    for (let row = this.#rows - 1; row >= 0; row--) {
      this.#cells[row * this.#width + 1 + column] = Number.NaN;
      if (this.#isBlank(row)) this.#remove(row);
    }
  }

  /**
   * Drops the rows that stand closer than their tier allows, and those older than the last tier: but
   * one, so that the table reaches back to its end. The newest row always stays.
   * @param pinned time of a row that stays whatever its neighbours
   */
  thin(pinned: number | undefined): void {
    const now = this.newestTime;
    for (let row = 1; row < this.#rows - 1; ) {
      const time = this.time(row);
      const spacing = spacingAt(now - time, this.#tiers) * jitter;
      if (time - this.time(row - 1) < spacing && time !== pinned) this.#remove(row);
      else row++;
    }
    const oldest = now - (this.#tiers.at(-1)?.untilMs ?? Number.POSITIVE_INFINITY);
    while (this.#rows > 2 && this.time(1) < oldest) this.#remove(0);
  }

  /** The same rows with other columns: each is one of this table, or a new one without a past. */
  rearranged(from: readonly (number | undefined)[]): OffsetTable {
    const next = new OffsetTable(from.length, this.#tiers);
    for (let row = 0; row < this.#rows; row++) {
      const offsets = from.map((c) => (c === undefined ? Number.NaN : this.offset(row, c)));
      next.insert(this.time(row), offsets);
    }
    return next;
  }

  get #width(): number {
    return this.columns + 1;
  }

  #equals(row: number, offsets: ArrayLike<number>): boolean {
    const start = row * this.#width + 1;
    for (let i = 0; i < this.columns; i++)
      if (!Object.is(this.#cells[start + i], offsets[i])) return false;
    return true;
  }

  #isBlank(row: number): boolean {
    const start = row * this.#width + 1;
    return this.#cells.subarray(start, start + this.columns).every(Number.isNaN);
  }

  #remove(row: number): void {
    const width = this.#width;
    this.#cells.copyWithin(row * width, (row + 1) * width, this.#rows * width);
    this.#rows--;
  }

  /** In two steps: a busy group soon needs its usual room, and more of it only when polls come oddly. */
  #reserve(rows: number): void {
    if (rows * this.#width <= this.#cells.length) return;
    const room = rows <= fewRows ? fewRows : Math.max(rows, usualRows(this.#tiers));
    const larger = new Float64Array(room * this.#width);
    larger.set(this.#cells);
    this.#cells = larger;
  }
}

/** As many as the tiers hold at regular polls, the newest one and one older than all of them. */
function usualRows(tiers: readonly Tier[]): number {
  let rows = 2;
  let from = 0;
  for (const { untilMs, spacingMs } of tiers) {
    rows += Math.ceil((untilMs - from) / spacingMs);
    from = untilMs;
  }
  return rows;
}

function spacingAt(ageMs: number, tiers: readonly Tier[]): number {
  for (const { untilMs, spacingMs } of tiers) if (ageMs <= untilMs) return spacingMs;
  return 0;
}
