import type { OffsetTable } from './offset-table.ts';

/** Growth of offsets in records per second, never negative: over the fast and over the slow window. */
export interface Rates {
  readonly fast: number;
  readonly slow: number;
}

const fastWindowMs = 45_000;
const slowWindowMs = 300_000;
/** Readings closer together measure the batches of a producer, not its rate. */
const minSpanMs = 1000;
/** A point is as good as one right at the start of the window up to this many times its length. */
const nearEnough = 4 / 3;

interface Window {
  readonly windowMs: number;
  /** The newest row that is at least so old; -1 without one. */
  readonly start: number;
}

export interface RateWindows {
  readonly fast: Window;
  readonly slow: Window;
}

/** The same for all columns of a table. */
export function rateWindows(table: OffsetTable): RateWindows {
  const over = (windowMs: number) => ({
    windowMs,
    start: table.rowAt(table.newestTime - windowMs),
  });
  return { fast: over(fastWindowMs), slow: over(slowWindowMs) };
}

/** One for all: most partitions of a large cluster are. */
export const atRest: Rates = { fast: 0, slow: 0 };

/**
 * How fast the offsets of a column grow; undefined with fewer than two points or without the newest one.
 * @param since epoch milliseconds; older rows don't count
 */
export function ratesOf(
  table: OffsetTable,
  column: number,
  since: number,
  windows: RateWindows,
): Rates | undefined {
  const fast = rateOver(table, column, since, windows.fast);
  if (fast === undefined) return undefined;
  const slow = rateOver(table, column, since, windows.slow) ?? fast;
  return fast === 0 && slow === 0 ? atRest : { fast, slow };
}

/**
 * Over the real time since the newest point that is at least a window old, or since the oldest one: a gap
 * in the readings makes the span longer, not the rate wrong.
 */
function rateOver(
  table: OffsetTable,
  column: number,
  since: number,
  { windowMs, start }: Window,
): number | undefined {
  const now = table.newestTime;
  const old = table.lastKnown(column, start);
  const then = table.time(old) >= since ? old : table.firstKnown(column, table.rowFrom(since));
  const offset = table.offset(then, column);
  const grown = table.offset(table.rows - 1, column) - offset;
  const spanMs = now - table.time(then);
  if (Number.isNaN(grown) || spanMs < minSpanMs) return undefined;
  // Inside a long flat run there are no points, but the offset is known at every moment of it.
  const isFar = spanMs > windowMs * nearEnough;
  const isFlat = isFar && table.offset(table.firstKnown(column, then + 1), column) === offset;
  return (Math.max(0, grown) * 1000) / (isFlat ? windowMs : spanMs);
}

/** The larger of the two: quick to see a ramp, slow to believe in a dip. Undefined stays unknown. */
export function rateOf(rates: Rates | undefined): number | undefined {
  return rates && Math.max(rates.fast, rates.slow);
}

/** Window by window; unknown as soon as one part is. */
export function sumOfRates(parts: readonly (Rates | undefined)[]): Rates | undefined {
  let fast = 0;
  let slow = 0;
  for (const part of parts) {
    if (!part) return undefined;
    fast += part.fast;
    slow += part.slow;
  }
  return parts.length === 0 ? undefined : { fast, slow };
}

/** Records per second for a person: one decimal, below 1 two significant digits, so that little is not 0.0. */
export function formatRate(perSecond: number): string {
  return perSecond > 0 && perSecond < 1 ? perSecond.toPrecision(2) : perSecond.toFixed(1);
}

/**
 * Arrival from what was consumed and how lag changed, where end offsets are not at hand.
 * @returns records per second, never negative; undefined without a span
 */
export function arrivalFromLag(seen: {
  readonly consumed: number;
  readonly lagBefore: number;
  readonly lagNow: number;
  readonly seconds: number;
}): number | undefined {
  if (!(seen.seconds > 0)) return undefined;
  return Math.max(0, (seen.consumed + seen.lagNow - seen.lagBefore) / seen.seconds);
}
