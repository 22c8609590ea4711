import type { PartitionReading } from '../types.ts';
import type { Tuning } from './tuning.ts';

/** End offsets of all partitions together, at one moment. */
interface EndPoint {
  readonly at: number;
  readonly end: number;
  readonly partitions: number;
}

interface RatePoint {
  readonly at: number;
  /** Records per second. */
  readonly rate: number;
}

/** The arrivals of the last seconds, and what they were like in the last hour. */
export interface Surge {
  /** As far back as one rate takes, oldest first. */
  readonly ends: readonly EndPoint[];
  /** Too new to compare with. */
  readonly recent: readonly RatePoint[];
  /** The largest of each few minutes. */
  readonly peaks: readonly RatePoint[];
  /** Records per second; undefined while nothing rises like never in the last hour. */
  readonly rate: number | undefined;
}

export const noSurge: Surge = { ends: [], recent: [], peaks: [], rate: undefined };

const recentMs = 60_000;
const bucketMs = 300_000;
const memoryMs = 3_600_000;

/**
 * The rates of the windows are late by half a window, and a step of the arrivals is answered in several
 * scale-ups. What arrived in the last seconds is believed if it is far more than ever in the last hour: a
 * producer that sends batches all the time does not look like a step.
 */
export function surgeAfter(
  before: Surge,
  partitions: readonly Pick<PartitionReading, 'end'>[],
  now: number,
  tuning: Tuning,
): Surge {
  const point = pointOf(partitions, now);
  const known = before.ends.filter((p) => p.at < now && p.partitions === point?.partitions);
  const start = known.findLast(({ at }) => now - at >= tuning.surgeWindowSeconds * 1000);
  const ends = known.filter(({ at }) => at >= (start?.at ?? 0));
  if (!point) return { ...before, ends: [], rate: undefined };
  const rate = start && (1000 * (point.end - start.end)) / (now - start.at);
  const recent = rate === undefined ? before.recent : [...before.recent, { at: now, rate }];
  const isRecent = ({ at }: RatePoint) => now - at < recentMs && at <= now;
  const peaks = recent.filter((p) => !isRecent(p)).reduce(withPeak, before.peaks);
  const kept = peaks.filter(({ at }) => now - at < memoryMs && at <= now);
  return {
    ends: [...ends, point],
    recent: recent.filter(isRecent),
    peaks: kept,
    rate: isNew(rate, kept, now, tuning) ? rate : undefined,
  };
}

function pointOf(
  partitions: readonly Pick<PartitionReading, 'end'>[],
  at: number,
): EndPoint | undefined {
  let end = 0;
  for (const p of partitions) {
    if (p.end === undefined) return undefined;
    end += Number(p.end);
  }
  return { at, end, partitions: partitions.length };
}

function withPeak(peaks: readonly RatePoint[], point: RatePoint): readonly RatePoint[] {
  const last = peaks.at(-1);
  if (!last || Math.floor(last.at / bucketMs) !== Math.floor(point.at / bucketMs))
    return [...peaks, point];
  return [...peaks.slice(0, -1), { at: last.at, rate: Math.max(last.rate, point.rate) }];
}

function isNew(
  rate: number | undefined,
  peaks: readonly RatePoint[],
  now: number,
  { surgeFactor }: Tuning,
): boolean {
  const [first] = peaks;
  if (rate === undefined || !first || now - first.at < bucketMs) return false;
  return peaks.every((peak) => rate > surgeFactor * peak.rate);
}
