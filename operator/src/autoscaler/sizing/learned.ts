import type { Learned } from '../../api/types.gen.ts';
import type { Memory, TimedReplicas } from '../types.ts';
import { type LearnedCapacity, median } from './capacity.ts';
import type { Freeze } from './effect.ts';
import type { Latched } from './stalls.ts';
import { round } from './words.ts';

/** RFC 3339 to epoch milliseconds, NaN when malformed; and back. The core has no calendar. */
export interface Times {
  parseTime(text: string): number;
  formatTime(ms: number): string;
}

/** Of the fields of status.learned; another one is not read. */
export const version = 1;
const minuteMs = 60_000;
/** The most that is written of a list: see the schema. */
const mostPartitions = 20;
const mostMinutes = 12;

/** What a restart should not forget, small and rounded so that it rarely changes; undefined for another strategy. */
export function learnedOf(
  { sizing, latched, recommendations, replicas }: Memory,
  times: Times,
): Learned | undefined {
  if (!sizing) return undefined;
  const { capacity, rebalance, start, commits, lastSize, canary } = sizing;
  return {
    version,
    ...capacityOf(capacity, times),
    ...(rebalance.observed.length > 0 && {
      rebalanceSeconds: rounded(Math.max(...rebalance.observed)),
    }),
    ...(start.observed.length > 0 && { startSeconds: rounded(Math.max(...start.observed)) }),
    ...(commits && commits.seconds >= 1 && { commitSeconds: String(Math.round(commits.seconds)) }),
    ...(lastSize > 0 && { lastSize }),
    ...freezeOf(sizing.freeze, times),
    ...(canary.nextAt > 0 && { canaryTime: times.formatTime(canary.nextAt) }),
    ...(latched.size > 0 && { stalledPartitions: stalledOf(latched) }),
    ...windowOf(recommendations, replicas, times),
  };
}

function capacityOf(learned: LearnedCapacity, { formatTime }: Times): Partial<Learned> {
  const { samples, sampledAt, lowerBound } = learned;
  const capacity = median(samples);
  return {
    ...(capacity !== undefined && {
      capacityPerReplica: rounded(capacity),
      capacitySamples: samples.length,
    }),
    ...(sampledAt !== undefined && { capacityTime: formatTime(minute(sampledAt)) }),
    ...(lowerBound !== undefined && { lowerBoundPerReplica: rounded(lowerBound) }),
  };
}

function freezeOf(freeze: Freeze | undefined, { formatTime }: Times): Partial<Learned> {
  if (!freeze) return {};
  return { freezeUntil: formatTime(freeze.until), freezeStep: freeze.step };
}

function stalledOf(latched: Latched) {
  return [...latched]
    .slice(0, mostPartitions)
    .map(([partition, offset]) => ({ partition, offset: offset.toString() }));
}

/** Only while fewer replicas are on their way: otherwise a restart loses nothing. */
function windowOf(
  recommendations: readonly TimedReplicas[],
  replicas: number,
  { formatTime }: Times,
): Partial<Learned> {
  if (recommendations.every((entry) => entry.replicas >= replicas)) return {};
  const largest = new Map<number, number>();
  for (const entry of recommendations) {
    const at = minute(entry.at);
    largest.set(at, Math.max(largest.get(at) ?? 0, entry.replicas));
  }
  const minutes = [...largest].slice(-mostMinutes);
  return { downWindow: minutes.map(([at, n]) => ({ time: formatTime(at), replicas: n })) };
}

function minute(ms: number): number {
  return Math.floor(ms / minuteMs) * minuteMs;
}

/** Three digits are more than anybody measures, and never an exponent. */
function rounded(value: number): string {
  return round(Math.max(value, 0.001));
}
