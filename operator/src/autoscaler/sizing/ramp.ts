import type { Tuning } from './tuning.ts';

/** What arrived and what could be read at one moment, records per second. */
interface RampPoint {
  readonly at: number;
  readonly arrivalRate: number;
  readonly capacity: number;
}

/** A rise of the arrivals that no scale-up can answer in time. */
export interface SteepRamp {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  /** Age that records reach before the new replicas read, seconds. */
  readonly worstAge: number;
}

export interface Ramps {
  /** Oldest first, as far back as a reaction takes. */
  readonly points: readonly RampPoint[];
  /** The last one that was too steep. */
  readonly steep: SteepRamp | undefined;
}

export const noRamps: Ramps = { points: [], steep: undefined };

export interface Reaction {
  /** From a rise of the arrivals to replicas that read, without the rebalance. */
  readonly reactionSeconds: number;
  readonly rebalanceSeconds: number;
  readonly objectiveSeconds: number;
}

/**
 * Age that records reach while the arrivals rise to a rate and the capacity is still the old one: after a
 * reaction of D seconds the reader has got through capacity/rate of what arrived in them.
 */
export function worstAgeOfRamp(
  capacity: number,
  arrivalRate: number,
  { reactionSeconds, rebalanceSeconds }: Reaction,
): number {
  if (arrivalRate <= capacity) return 0;
  return reactionSeconds * (1 - capacity / arrivalRate) + rebalanceSeconds;
}

/** Points closer together tell no more. */
const spacingMs = 15_000;

/** Adds a moment, and looks whether the arrivals rose too fast since one reaction before. */
export function rampsAfter(
  before: Ramps,
  point: RampPoint,
  reaction: Reaction,
  { rampMemorySeconds }: Tuning,
): Ramps {
  const { at, arrivalRate } = point;
  const since = at - reaction.reactionSeconds * 1000;
  const past = before.points.filter((p) => p.at < at && p.at >= since);
  const [start] = past;
  const worstAge = start ? worstAgeOfRamp(start.capacity, arrivalRate, reaction) : 0;
  const isKept = before.steep && at - before.steep.at < rampMemorySeconds * 1000;
  const found =
    start && worstAge > reaction.objectiveSeconds
      ? { at, from: start.arrivalRate, to: arrivalRate, worstAge }
      : undefined;
  const last = past.at(-1);
  const points = last && at - last.at < spacingMs ? past : [...past, point];
  return { points, steep: steeper(isKept ? before.steep : undefined, found) };
}

/** A ramp is told by its steepest moment. */
function steeper(kept: SteepRamp | undefined, found: SteepRamp | undefined): SteepRamp | undefined {
  if (!kept || !found) return found ?? kept;
  return found.worstAge >= kept.worstAge ? found : { ...kept, at: found.at };
}
