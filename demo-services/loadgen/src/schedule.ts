/** How many users per second are due, over the time since the start. */
export type Profile =
  | { readonly kind: 'constant'; readonly ratePerSecond: number }
  /** Evenly from one rate to the other over the whole duration. */
  | { readonly kind: 'ramp'; readonly fromPerSecond: number; readonly toPerSecond: number }
  /** One constant rate after the other; the durations of the steps are the duration of the whole. */
  | { readonly kind: 'steps'; readonly steps: readonly Step[] };

export interface Step {
  readonly ratePerSecond: number;
  /** Infinity in the last step: until the load is aborted. */
  readonly durationMs: number;
}

/** When each request is due: fixed before the run, whatever the server does (open loop). */
export interface Schedule {
  readonly durationMs: number;
  /** How many requests are due once `elapsedMs` have passed. */
  dueCount(elapsedMs: number): number;
  /** When request `index` (from 0) is due, in milliseconds since the start. */
  dueAtMs(index: number): number;
}

/** Forgiven to doubles, in requests. */
const rounding = 1e-6;

/** @param durationMs Infinity for a constant rate without end; steps have their own */
export function createSchedule(profile: Profile, durationMs: number): Schedule {
  const endMs = profile.kind === 'steps' ? stepsDurationMs(profile.steps) : durationMs;
  const line = lineOf(profile, endMs);
  return {
    durationMs: endMs,
    dueCount: (elapsedMs) => {
      const seconds = Math.max(0, Math.min(elapsedMs, endMs)) / 1_000;
      // A request is due at the end of its interval.
      return Math.floor(line.requests(seconds) + rounding);
    },
    dueAtMs: (index) => line.seconds(index + 1) * 1_000,
  };
}

export function stepsDurationMs(steps: readonly Step[]): number {
  return steps.reduce((total, { durationMs }) => total + durationMs, 0);
}

/** The line from time to number of requests, and back. */
interface Line {
  requests(seconds: number): number;
  seconds(requests: number): number;
}

function lineOf(profile: Profile, durationMs: number): Line {
  switch (profile.kind) {
    case 'constant':
      return constant(profile);
    case 'ramp':
      return ramp(profile, durationMs);
    case 'steps':
      return steps(profile);
  }
}

function constant({ ratePerSecond }: { ratePerSecond: number }): Line {
  return {
    requests: (seconds) => seconds * ratePerSecond,
    seconds: (requests) => requests / ratePerSecond,
  };
}

function ramp(
  { fromPerSecond: from, toPerSecond: to }: { fromPerSecond: number; toPerSecond: number },
  durationMs: number,
): Line {
  const slope = (to - from) / (durationMs / 1_000);
  if (slope === 0) return constant({ ratePerSecond: from });
  return {
    requests: (seconds) => from * seconds + (slope * seconds * seconds) / 2,
    // The root on the rising side: the rate is never negative within the duration.
    seconds: (requests) =>
      (Math.sqrt(Math.max(0, from * from + 2 * slope * requests)) - from) / slope,
  };
}

interface Piece {
  readonly rate: number;
  readonly fromSeconds: number;
  readonly fromRequests: number;
}

/** Requests are counted across the steps: what one step leaves of a whole one, the next completes. */
function steps({ steps }: { steps: readonly Step[] }): Line {
  const pieces: Piece[] = [];
  let fromSeconds = 0;
  let fromRequests = 0;
  for (const { ratePerSecond: rate, durationMs } of steps) {
    pieces.push({ rate, fromSeconds, fromRequests });
    fromSeconds += durationMs / 1_000;
    fromRequests += (rate * durationMs) / 1_000;
  }
  const last = (found: (piece: Piece) => boolean): Piece =>
    pieces.findLast(found) ?? { rate: 1, fromSeconds: 0, fromRequests: 0 };
  return {
    requests(seconds) {
      const piece = last((candidate) => candidate.fromSeconds <= seconds);
      return piece.fromRequests + (seconds - piece.fromSeconds) * piece.rate;
    },
    seconds(requests) {
      const piece = last((candidate) => candidate.fromRequests < requests - rounding);
      return piece.fromSeconds + (requests - piece.fromRequests) / piece.rate;
    },
  };
}
