import type { EnvReader } from '@lagscaler/demo-shared/env-reader.ts';
import { type Profile, type Step, stepsDurationMs } from './schedule.ts';

export const profileNames = ['baseline', 'constant', 'ramp', 'steps'] as const;
type ProfileName = (typeof profileNames)[number];

/** 25 users/s: with one approval pod, 60 Kafka messages per second. */
const baselinePerSecond = 25;

export interface Load {
  readonly profile: Profile;
  /** Infinity: until SIGTERM. */
  readonly durationMs: number;
}

/** Which variables shape which profile; any other is a mistake that must not pass unnoticed. */
const shapedBy: Readonly<Record<ProfileName, readonly string[]>> = {
  baseline: ['LOAD_DURATION_SECONDS'],
  constant: ['LOAD_RATE', 'LOAD_DURATION_SECONDS'],
  ramp: ['LOAD_RATE', 'LOAD_RAMP_TO', 'LOAD_DURATION_SECONDS'],
  steps: ['LOAD_STEPS'],
};

/** Notes its problems in the reader. */
export function readLoad(reader: EnvReader): Load {
  const name = reader.oneOf('LOAD_PROFILE', impliedProfile(reader), profileNames);
  for (const variable of shapedBy.ramp.concat(shapedBy.steps)) {
    if (shapedBy[name].includes(variable) || reader.optional(variable) === undefined) continue;
    reader.problem(
      `${variable} has no effect on profile ${name}: remove it, or change LOAD_PROFILE`,
    );
  }
  const seconds = reader.number('LOAD_DURATION_SECONDS', 60, { min: 0, max: 604_800 });
  const durationMs = seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1_000;
  switch (name) {
    case 'baseline':
      return { profile: { kind: 'constant', ratePerSecond: baselinePerSecond }, durationMs };
    case 'constant':
      return { profile: { kind: 'constant', ratePerSecond: readRate(reader) }, durationMs };
    case 'ramp':
      return { profile: readRamp(reader, seconds), durationMs };
    case 'steps':
      return readSteps(reader);
  }
}

function impliedProfile(reader: EnvReader): ProfileName {
  if (reader.optional('LOAD_STEPS') !== undefined) return 'steps';
  if (reader.optional('LOAD_RAMP_TO') !== undefined) return 'ramp';
  return reader.optional('LOAD_RATE') === undefined ? 'baseline' : 'constant';
}

const rates = { min: 0.001, max: 100_000 };

function readRate(reader: EnvReader): number {
  return reader.number('LOAD_RATE', baselinePerSecond, rates);
}

function readRamp(reader: EnvReader, seconds: number): Profile {
  if (seconds === 0) {
    reader.problem('LOAD_DURATION_SECONDS is 0: a ramp needs an end, set the seconds it takes');
  }
  const toPerSecond = reader.number('LOAD_RAMP_TO', 100, rates);
  return { kind: 'ramp', fromPerSecond: readRate(reader), toPerSecond };
}

function readSteps(reader: EnvReader): Load {
  const text = reader.required('LOAD_STEPS', 'the steps of the load, such as 25x60,100x30');
  const steps = parseSteps(text);
  if (steps === undefined && text !== '') {
    reader.problem(
      `LOAD_STEPS is "${text}": it must be steps of users/s x seconds, such as 25x60,100x30; the last one may be a rate alone, which holds until SIGTERM`,
    );
  }
  return {
    profile: { kind: 'steps', steps: steps ?? [] },
    durationMs: stepsDurationMs(steps ?? []),
  };
}

/** `25x60,100x30` or `25x60,100`; undefined when it is neither. */
function parseSteps(text: string): readonly Step[] | undefined {
  const parts = text.split(',');
  const steps = parts.map((part, index) => parseStep(part.trim(), index === parts.length - 1));
  return steps.every((step) => step !== undefined) ? steps : undefined;
}

const stepPattern = /^(?<rate>\d+(?:\.\d+)?)(?:x(?<seconds>\d+(?:\.\d+)?))?$/;

function parseStep(text: string, isLast: boolean): Step | undefined {
  const { rate, seconds } = stepPattern.exec(text)?.groups ?? {};
  const ratePerSecond = Number(rate);
  if (!(ratePerSecond <= rates.max)) return undefined;
  if (seconds === undefined) {
    return isLast ? { ratePerSecond, durationMs: Number.POSITIVE_INFINITY } : undefined;
  }
  return { ratePerSecond, durationMs: Number(seconds) * 1_000 };
}
