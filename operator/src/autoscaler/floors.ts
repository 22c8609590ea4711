import type { UtcOffsets } from './local-time.ts';
import { lastStart, type Schedule } from './schedule.ts';

/** Bounds that hold for some hours of some days. */
export interface Floor {
  /** As it was written: for the message. */
  readonly text: string;
  readonly schedule: Schedule;
  readonly durationMs: number;
  readonly minReplicas: number | undefined;
  readonly maxReplicas: number | undefined;
  readonly timeZone: string;
  readonly offsets: UtcOffsets;
}

/** The range of replicas that holds now, and whose words it is. */
export interface Range {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly minFrom: string;
  readonly maxFrom: string;
  /** The bound comes from a schedule. */
  readonly isScheduled: { readonly min: boolean; readonly max: boolean };
}

interface Limits {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly floors: readonly Floor[];
}

/** minReplicas and maxReplicas with the floors that are active; where two disagree more replicas win. */
export function rangeAt({ minReplicas, maxReplicas, floors }: Limits, now: number): Range {
  let range: Range = {
    minReplicas,
    maxReplicas,
    minFrom: `minReplicas is ${minReplicas}`,
    maxFrom: `maxReplicas is ${maxReplicas}`,
    isScheduled: { min: false, max: false },
  };
  for (const floor of floors) if (isActive(floor, now)) range = narrowed(range, floor);
  const least = Math.min(range.minReplicas, maxReplicas);
  return { ...range, minReplicas: least, maxReplicas: Math.max(range.maxReplicas, least) };
}

function isActive({ schedule, offsets, durationMs }: Floor, now: number): boolean {
  const start = lastStart(schedule, offsets, now, now - durationMs);
  return start !== undefined && now - start < durationMs;
}

function narrowed(range: Range, floor: Floor): Range {
  const { minReplicas = range.minReplicas, maxReplicas = range.maxReplicas } = floor;
  const raises = minReplicas > range.minReplicas;
  const lowers = maxReplicas < range.maxReplicas;
  const { text, timeZone } = floor;
  return {
    minReplicas: raises ? minReplicas : range.minReplicas,
    maxReplicas: lowers ? maxReplicas : range.maxReplicas,
    minFrom: raises ? `floor "${text}" ${timeZone} asks for ${minReplicas}` : range.minFrom,
    maxFrom: lowers ? `floor "${text}" ${timeZone} allows ${maxReplicas}` : range.maxFrom,
    isScheduled: { min: raises || range.isScheduled.min, max: lowers || range.isScheduled.max },
  };
}
