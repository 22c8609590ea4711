import { afterChange, takenBack } from './sizing/after-write.ts';
import type { Latched } from './sizing/stalls.ts';
import type { SizingState } from './sizing/state.ts';
import type { Decision, Memory, ScaleEvent, TimedReplicas } from './types.ts';

/** The longest window and the longest period of a policy that a spec may name. */
const maxWindowMs = 3_600_000;
const maxPeriodMs = 1_800_000;

/**
 * The memory a scaler starts with: windows that hold the current replicas, so that a restart causes no
 * fall, and a cooldown that begins now.
 * @param seed.scaleEvents changes known from before, so that rate policies go on counting
 * @param seed.latched partitions that were stuck before
 * @param seed.sizing what was learned before
 */
export function initialMemory(seed: {
  readonly now: number;
  readonly replicas: number;
  readonly scaleEvents?: readonly ScaleEvent[];
  readonly latched?: Latched;
  readonly sizing?: SizingState | undefined;
}): Memory {
  return {
    recommendations: [{ at: seed.now, replicas: seed.replicas }],
    scaleEvents: seed.scaleEvents ?? [],
    lastActiveAt: seed.now,
    failures: 0,
    incompleteSince: undefined,
    readySince: undefined,
    replicas: seed.replicas,
    still: new Map(),
    assignor: undefined,
    latched: seed.latched ?? new Map(),
    sizing: seed.sizing,
  };
}

/** Windows that hold only the current replicas: nothing falls until they have filled again. */
export function restartWindows(memory: Memory, now: number, replicas: number): Memory {
  return { ...memory, recommendations: [{ at: now, replicas }] };
}

/** The clock was set back: what lies in the future would hold everything until its time comes again. */
export function fromThePast(memory: Memory, now: number): Memory {
  const { recommendations, scaleEvents, lastActiveAt, incompleteSince, replicas } = memory;
  const isEarlier = ({ at }: { readonly at: number }) => at <= now;
  const known = recommendations.every(isEarlier) ? memory : restartWindows(memory, now, replicas);
  return {
    ...known,
    scaleEvents: scaleEvents.every(isEarlier)
      ? scaleEvents
      : scaleEvents.map((event) => ({ ...event, at: Math.min(event.at, now) })),
    lastActiveAt: Math.min(lastActiveAt, now),
    incompleteSince: incompleteSince === undefined ? undefined : Math.min(incompleteSince, now),
  };
}

/** Somebody else changed spec.replicas: that is the size now, and no change of ours. */
export function adopt(memory: Memory, now: number, replicas: number): Memory {
  const sizing = memory.sizing && takenBack(memory.sizing);
  return { ...restartWindows(memory, now, replicas), replicas, lastActiveAt: now, sizing };
}

/**
 * Adds a recommendation. Of the earlier ones only those stay that can still be the minimum or the maximum
 * of some window: a later one that is as high and a later one that is as low make it irrelevant.
 */
export function remember(
  earlier: readonly TimedReplicas[],
  now: number,
  replicas: number,
): readonly TimedReplicas[] {
  const kept: TimedReplicas[] = [{ at: now, replicas }];
  let highest = replicas;
  let lowest = replicas;
  for (const entry of earlier.toReversed()) {
    if (now - entry.at >= maxWindowMs) continue;
    if (entry.replicas > highest || entry.replicas < lowest) kept.push(entry);
    highest = Math.max(highest, entry.replicas);
    lowest = Math.min(lowest, entry.replicas);
  }
  return kept.reverse();
}

export function forgetOldEvents(events: readonly ScaleEvent[], now: number): readonly ScaleEvent[] {
  return events.filter((event) => now - event.at < maxPeriodMs);
}

/**
 * The memory after the shell acted on a decision: only a write that the API server accepted counts as
 * a change of ours.
 * @param at epoch milliseconds of the write
 */
export function afterWrite(decision: Decision, at: number, accepted: boolean): Memory {
  const { memory, desiredReplicas } = decision;
  const change = desiredReplicas - memory.replicas;
  if (!accepted || change === 0) return memory;
  const next: Memory = {
    ...memory,
    replicas: desiredReplicas,
    scaleEvents: [...memory.scaleEvents, { at, change }],
    // Who has just been woken is not idle since before it slept.
    lastActiveAt: memory.replicas === 0 ? at : memory.lastActiveAt,
  };
  return memory.sizing ? afterSizing(next, memory.sizing, decision, at) : next;
}

/** With another size the recommendations for this one say nothing any more: the window fills anew. */
function afterSizing(
  next: Memory,
  sizing: SizingState,
  { memory, desiredReplicas, steps }: Decision,
  at: number,
): Memory {
  const written = {
    at,
    from: memory.replicas,
    to: desiredReplicas,
    isByPerson: steps.some(({ step }) => step === 'Override' || step === 'Fallback'),
    isTry: steps.some(({ step, reason }) => step === 'Recommend' && reason === 'CapacityUnknown'),
  };
  return { ...restartWindows(next, at, desiredReplicas), sizing: afterChange(sizing, written) };
}
