import type { Decision, Memory, ScaleEvent, TimedReplicas } from './types.ts';

/** The longest window and the longest period of a policy that a spec may name. */
const maxWindowMs = 3_600_000;
const maxPeriodMs = 1_800_000;

/**
 * The memory a scaler starts with: windows that hold the current replicas, so that a restart causes no
 * fall, and a cooldown that begins now.
 * @param seed.scaleEvents changes known from before, so that rate policies go on counting
 */
export function initialMemory(seed: {
  readonly now: number;
  readonly replicas: number;
  readonly scaleEvents?: readonly ScaleEvent[];
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
  };
}

/** Windows that hold only the current replicas: nothing falls until they have filled again. */
export function restartWindows(memory: Memory, now: number, replicas: number): Memory {
  return { ...memory, recommendations: [{ at: now, replicas }] };
}

/** Somebody else changed spec.replicas: that is the size now, and no change of ours. */
export function adopt(memory: Memory, now: number, replicas: number): Memory {
  return { ...restartWindows(memory, now, replicas), replicas, lastActiveAt: now };
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
  return {
    ...memory,
    replicas: desiredReplicas,
    scaleEvents: [...memory.scaleEvents, { at, change }],
  };
}
