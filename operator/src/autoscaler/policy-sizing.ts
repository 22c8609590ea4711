import type { Sizing as SizingSpec, TimeLag, Tuning as TuningSpec } from '../api/types.gen.ts';
import { InvalidSpecError } from './invalid-spec.ts';
import type { Objective } from './sizing/objective.ts';
import { defaultTuning, type Tuning } from './sizing/tuning.ts';
import type { Sizing } from './types.ts';

/** @throws InvalidSpecError naming the field, for what the schema let through */
export function sizingOf({ lagPerReplica, timeLag }: SizingSpec): Sizing {
  if (lagPerReplica) return { kind: 'lagPerReplica', lagPerReplica: BigInt(lagPerReplica.value) };
  if (timeLag) return { kind: 'timeLag', ...objectiveOf(timeLag) };
  throw new InvalidSpecError('sizing', 'holds no strategy: write timeLag or lagPerReplica');
}

function objectiveOf(spec: TimeLag): Objective {
  const { objectiveSeconds, drainSeconds, capacityPerReplica, maxGroupRate, tuning = {} } = spec;
  return {
    objectiveSeconds,
    drainSeconds,
    capacityPerReplica: rate('capacityPerReplica', capacityPerReplica),
    maxGroupRate: rate('maxGroupRate', maxGroupRate),
    tuning: tuningOf(tuning),
  };
}

function tuningOf({ canary = defaultTuning.canary, ...spec }: TuningSpec): Tuning {
  const numbers = Object.entries(spec).map(([name, value]) => [
    name,
    typeof value === 'string' ? positive(`tuning.${name}`, value) : value,
  ]);
  return { ...defaultTuning, ...Object.fromEntries(numbers), canary };
}

function rate(name: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : positive(name, text);
}

function positive(name: string, text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  const field = `sizing.timeLag.${name}`;
  throw new InvalidSpecError(field, `is "${text}": write a decimal greater than 0 such as "0.5"`);
}
