import type { UtcOffsets } from './local-time.ts';

/** What the core asks of the world about times and places: it has no clock and no time zones of its own. */
export interface Calendar {
  /** RFC 3339 to epoch milliseconds; NaN when malformed. */
  parseTime(text: string): number;
  /**
   * Offsets of an IANA time zone from a week and a day ago to now; undefined when there is no such zone.
   */
  offsetsOf(timeZone: string): UtcOffsets | undefined;
}
