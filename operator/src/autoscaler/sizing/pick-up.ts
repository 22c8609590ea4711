import type { Learned } from '../../api/types.gen.ts';
import type { TimedReplicas } from '../types.ts';
import type { LearnedCapacity } from './capacity.ts';
import type { Freeze } from './effect.ts';
import { type Times, version } from './learned.ts';
import { noPause, type Pause } from './pauses.ts';
import type { Latched } from './stalls.ts';
import { initialState, type SizingState } from './state.ts';
import { defaultTuning } from './tuning.ts';

const dayMs = 86_400_000;
/** What was learned before a restart is believed like so many samples, whatever there were: few, so that new evidence wins. */
const mostSamples = 3;
/** The window goes on only if not more than this was missed of it. */
const gapMs = 120_000;

/** What is picked up after a restart. */
export interface PickedUp {
  readonly sizing: SizingState;
  readonly latched: Latched;
  /** Sizes that were needed lately; undefined when the window has to fill anew. */
  readonly recommendations: readonly TimedReplicas[] | undefined;
}

/**
 * Reads back what was learned. A person may have written it: what is missing, of another version or makes
 * no sense is left out, field by field.
 */
export function learnedFrom(learned: Learned | undefined, now: number, times: Times): PickedUp {
  if (learned?.version !== version)
    return { sizing: initialState, latched: new Map(), recommendations: undefined };
  const until = timeIn(learned.canaryTime, { from: 0, to: now + dayMs }, times);
  const commitSeconds = secondsFrom(learned.commitSeconds);
  const sizing: SizingState = {
    ...initialState,
    capacity: capacityFrom(learned, now, times),
    rebalance: pauseFrom(learned.rebalanceSeconds),
    start: pauseFrom(learned.startSeconds),
    commits: commitSeconds === undefined ? undefined : { seconds: commitSeconds, at: now },
    lastSize: whole(learned.lastSize) ?? 0,
    freeze: freezeFrom(learned, now, times),
    canary: { nextAt: until ?? 0, triedAt: undefined },
  };
  const latched = stalledFrom(learned.stalledPartitions);
  return { sizing, latched, recommendations: windowFrom(learned.downWindow, now, times) };
}

function capacityFrom(learned: Learned, now: number, times: Times): LearnedCapacity {
  const capacity = positive(learned.capacityPerReplica);
  const sampledAt = timeIn(learned.capacityTime, { from: 0, to: now }, times);
  // The consumers of yesterday may have been others.
  const isRecent = sampledAt !== undefined && now - sampledAt < dayMs;
  const count = isRecent ? Math.min(whole(learned.capacitySamples) ?? 1, mostSamples) : 1;
  return {
    samples:
      capacity === undefined ? [] : Array.from({ length: Math.max(1, count) }, () => capacity),
    sampledAt,
    // Seen again within a minute; one that is too high would never be corrected.
    lowerBound: undefined,
  };
}

/** Longer ones are no pauses. */
function secondsFrom(text: string | undefined): number | undefined {
  const seconds = positive(text);
  return seconds !== undefined && seconds <= defaultTuning.maxPauseSeconds ? seconds : undefined;
}

function pauseFrom(text: string | undefined): Pause {
  const seconds = secondsFrom(text);
  return seconds === undefined ? noPause : { observed: [seconds], since: undefined };
}

function freezeFrom(
  { freezeUntil, freezeStep }: Learned,
  now: number,
  times: Times,
): Freeze | undefined {
  const until = timeIn(freezeUntil, { from: 0, to: now + dayMs }, times);
  if (until === undefined) return undefined;
  return {
    until,
    step: Math.min(whole(freezeStep) ?? 0, 10),
    revertTo: undefined,
    consumption: undefined,
  };
}

function stalledFrom(list: Learned['stalledPartitions'] = []): Latched {
  const entries = list.flatMap(({ partition, offset }): [string, bigint][] =>
    /^[^/]+\/\d{1,6}$/.test(partition) && /^\d{1,19}$/.test(offset)
      ? [[partition, BigInt(offset)]]
      : [],
  );
  return new Map(entries);
}

function windowFrom(
  list: Learned['downWindow'] = [],
  now: number,
  times: Times,
): readonly TimedReplicas[] | undefined {
  const entries = list.flatMap(({ time, replicas }): TimedReplicas[] => {
    const at = timeIn(time, { from: now - dayMs, to: now }, times);
    const count = whole(replicas);
    return at === undefined || count === undefined ? [] : [{ at, replicas: count }];
  });
  const sorted = entries.toSorted((a, b) => a.at - b.at);
  const last = sorted.at(-1);
  return last && now - last.at <= gapMs ? sorted : undefined;
}

function timeIn(
  text: string | undefined,
  { from, to }: { readonly from: number; readonly to: number },
  { parseTime }: Times,
): number | undefined {
  const ms = text === undefined ? Number.NaN : parseTime(text);
  return ms >= from && ms <= to ? ms : undefined;
}

function positive(text: string | undefined): number | undefined {
  const value = text !== undefined && /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : 0;
  return value > 0 ? value : undefined;
}

function whole(value: number | undefined): number | undefined {
  return value !== undefined && Number.isInteger(value) && value >= 0 ? value : undefined;
}
