/** The arrival rate over time. Seconds count from the start of the trace. */
export interface Trace {
  readonly name: string;
  /** Epoch milliseconds of second 0: schedules and forecasts look at the time of day. */
  readonly startMs: number;
  /** Records per second, one value for each second. */
  readonly rates: Float64Array;
}

export interface TracePoint {
  readonly seconds: number;
  readonly recordsPerSecond: number;
}

/** A Monday, 00:00 UTC: for traces that do not say when they were. */
export const defaultStartMs = 1_767_571_200_000;

/** From this on a first time is not seconds since the start but since 1970. */
const epochSeconds = 1e9;

/** The trace through these points, which are in order of time and at least two. */
export function traceOf(name: string, points: readonly TracePoint[]): Trace {
  const first = points[0]?.seconds ?? 0;
  const startMs = first >= epochSeconds ? first * 1000 : defaultStartMs;
  return { name, startMs, rates: ratesBetween(points) };
}

/** Linear between the points, which are in order of time and at least two; one value for each second. */
export function ratesBetween(points: readonly TracePoint[]): Float64Array {
  const first = points[0]?.seconds ?? 0;
  const length = Math.floor((points.at(-1)?.seconds ?? 0) - first);
  const rates = new Float64Array(length);
  let right = 1;
  for (let second = 0; second < length; second++) {
    const at = first + second;
    while ((points[right]?.seconds ?? at) < at) right++;
    rates[second] = interpolate(points[right - 1], points[right], at);
  }
  return rates;
}

function interpolate(left: TracePoint | undefined, right: TracePoint | undefined, at: number) {
  if (!left || !right) return 0;
  const share = (at - left.seconds) / (right.seconds - left.seconds);
  return left.recordsPerSecond + share * (right.recordsPerSecond - left.recordsPerSecond);
}

/** Scaled so that the largest rate is `peak`. */
export function scaledToPeak(rates: Float64Array, peak: number): Float64Array {
  const max = rates.reduce((largest, rate) => Math.max(largest, rate), 0);
  return rates.map((rate) => (rate / max) * peak);
}

export function meanRate({ rates }: Trace): number {
  return rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
}

/** Replica-hours of somebody who knows the load of every second, with replicas that start at once. */
export function oracleReplicaHours({ rates }: Trace, capacityPerReplica: number): number {
  let seconds = 0;
  for (const rate of rates) seconds += Math.max(1, Math.ceil(rate / capacityPerReplica));
  return seconds / 3600;
}
