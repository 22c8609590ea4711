/** From this moment on, clocks of a time zone differ from UTC by so much. */
export interface UtcOffset {
  /** Epoch milliseconds; the first entry holds before it, too. */
  readonly from: number;
  /** Positive east of Greenwich. */
  readonly minutes: number;
}

/**
 * A time zone as far as it is needed: the core has no calendar, its changes of the clocks come as data.
 * Ascending, at least one.
 */
export type UtcOffsets = readonly UtcOffset[];

export const utc: UtcOffsets = [{ from: 0, minutes: 0 }];

export const minuteMs = 60_000;
export const dayMs = 86_400_000;

/** What a clock on the wall shows: milliseconds as if it stood in Greenwich. */
export function toLocal(at: number, offsets: UtcOffsets): number {
  return at + offsetMs(at, offsets);
}

/** The moment at which the clock shows this; the earlier one of two, and one near it when it is left out. */
export function toInstant(local: number, offsets: UtcOffsets): number {
  const candidates = offsets.map(({ minutes }) => local - minutes * minuteMs);
  const exact = candidates.filter((at) => toLocal(at, offsets) === local);
  return exact.length > 0 ? Math.min(...exact) : local - offsetMs(local, offsets);
}

function offsetMs(at: number, offsets: UtcOffsets): number {
  const entry = offsets.findLast(({ from }) => from <= at) ?? offsets[0];
  return (entry?.minutes ?? 0) * minuteMs;
}

export interface CalendarDay {
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

/**
 * The day of the Gregorian calendar that a local time lies in.
 * Source: days to civil date, H. Hinnant, "chrono-compatible low-level date algorithms".
 */
export function calendarDay(local: number): CalendarDay {
  const days = Math.floor(local / dayMs);
  const shifted = days + 719_468; // days since 1 March of the year 0
  const dayOfEra = modulo(shifted, 146_097);
  const leaps =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  return {
    month: monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
    weekday: modulo(days + 4, 7), // 1 January 1970 was a Thursday
  };
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
