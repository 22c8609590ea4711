/** How many records per second are due, over the time since the start. */
export type Profile =
  | { readonly kind: 'constant'; readonly ratePerSecond: number }
  /** Evenly from one rate to the other over the whole duration. */
  | { readonly kind: 'ramp'; readonly fromPerSecond: number; readonly toPerSecond: number };

/** When each record is due: fixed before the run, whatever the receiver does (open loop). */
export interface Schedule {
  /** How many records are due once `elapsedMs` have passed. */
  dueCount(elapsedMs: number): number;
  /** When record `index` (from 0) is due, in milliseconds since the start. */
  dueAtMs(index: number): number;
}

/** @param durationMs Infinity for a constant rate without end */
export function createSchedule(profile: Profile, durationMs: number): Schedule {
  const line = profile.kind === 'constant' ? constant(profile) : ramp(profile, durationMs);
  return {
    dueCount: (elapsedMs) => {
      const seconds = Math.max(0, Math.min(elapsedMs, durationMs)) / 1_000;
      // A record is due at the end of its interval; the bit added forgives the rounding of doubles.
      return Math.floor(line.records(seconds) + 1e-6);
    },
    dueAtMs: (index) => line.seconds(index + 1) * 1_000,
  };
}

/** The line from time to number of records, and back. */
interface Line {
  records(seconds: number): number;
  seconds(records: number): number;
}

function constant({ ratePerSecond }: { ratePerSecond: number }): Line {
  return {
    records: (seconds) => seconds * ratePerSecond,
    seconds: (records) => records / ratePerSecond,
  };
}

function ramp(
  { fromPerSecond: from, toPerSecond: to }: { fromPerSecond: number; toPerSecond: number },
  durationMs: number,
): Line {
  const slope = (to - from) / (durationMs / 1_000);
  if (slope === 0) return constant({ ratePerSecond: from });
  return {
    records: (seconds) => from * seconds + (slope * seconds * seconds) / 2,
    // The root on the rising side: the rate is never negative within the duration.
    seconds: (records) =>
      (Math.sqrt(Math.max(0, from * from + 2 * slope * records)) - from) / slope,
  };
}
