import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Calendar } from './calendar.ts';
import { InvalidSpecError } from './invalid-spec.ts';
import { utc } from './local-time.ts';
import { type SpecOfPolicy, scalingPolicyOf } from './policy.ts';
import { parseSchedule } from './schedule.ts';
import { defaultTuning } from './sizing/tuning.ts';

const spec: SpecOfPolicy = {
  minReplicas: 1,
  maxReplicas: 10,
  sizing: { lagPerReplica: { value: 9_007_199_254_740_991, tolerance: '0.1' } },
  activation: { lag: 5, cooldownSeconds: 60, minActiveReplicas: 2 },
  consumer: { offsetResetPolicy: 'earliest', neverCommitted: 'ignore', threadsPerReplica: 3 },
  mode: 'Recommend',
  paused: true,
};
const calendar: Calendar = {
  parseTime: Date.parse,
  offsetsOf: (timeZone) => (timeZone === 'Europe/Atlantis' ? undefined : utc),
};
const policyOf = (change: Partial<SpecOfPolicy> = {}) =>
  scalingPolicyOf({ ...spec, ...change }, calendar);
const tenth = { numerator: 1n, denominator: 10n };

test('every field arrives, in milliseconds and exact', () =>
  expect(policyOf()).toEqual({
    minReplicas: 1,
    maxReplicas: 10,
    floors: [],
    sizing: { kind: 'lagPerReplica', lagPerReplica: 9_007_199_254_740_991n },
    activation: { lag: 5n, cooldownMs: 60_000, minActiveReplicas: 2 },
    offsetResetPolicy: 'earliest',
    neverCommitted: 'ignore',
    threadsPerReplica: 3,
    scaleUp: { stabilizationWindowMs: 0, policies: [], selectPolicy: 'Max', tolerance: tenth },
    scaleDown: {
      stabilizationWindowMs: 300_000,
      policies: [],
      selectPolicy: 'Max',
      tolerance: tenth,
    },
    fallback: undefined,
    mode: 'Recommend',
    paused: true,
    override: undefined,
  }));

test('an empty behavior has the defaults of autoscaling/v2', () => {
  const percent = { type: 'Percent', value: 100, periodMs: 15_000 };
  expect(policyOf({ behavior: {} })).toMatchObject({
    scaleUp: {
      stabilizationWindowMs: 0,
      policies: [{ type: 'Pods', value: 4, periodMs: 15_000 }, percent],
      selectPolicy: 'Max',
    },
    scaleDown: { stabilizationWindowMs: 300_000, policies: [percent], selectPolicy: 'Max' },
  });
});

test('a rule that is given replaces its default only', () => {
  const policies = [{ type: 'Pods', value: 2, periodSeconds: 60 }] as const;
  const { scaleUp, scaleDown } = policyOf({
    behavior: {
      scaleUp: { policies, selectPolicy: 'Min', tolerance: '0.05' },
      scaleDown: { stabilizationWindowSeconds: 0 },
    },
  });
  expect(scaleUp).toEqual({
    stabilizationWindowMs: 0,
    policies: [{ type: 'Pods', value: 2, periodMs: 60_000 }],
    selectPolicy: 'Min',
    tolerance: { numerator: 5n, denominator: 100n },
  });
  expect(scaleDown).toMatchObject({ stabilizationWindowMs: 0, tolerance: tenth });
  expect(scaleDown.policies).toHaveLength(1);
});

test('override and fallback are taken over', () => {
  const fallback = { failureThreshold: 0, replicas: 2, behavior: 'static' } as const;
  const override = { replicas: 4, until: '2026-12-01T00:00:00Z', reason: 'migration' };
  expect(policyOf({ fallback, override })).toMatchObject({
    fallback,
    override: { replicas: 4, untilMs: Date.UTC(2026, 11, 1), reason: 'migration' },
  });
});

const timeLag = { objectiveSeconds: 30, drainSeconds: 60 };

test('timeLag arrives with its defaults, and without a window of its own in behavior', () => {
  expect(policyOf({ sizing: { timeLag } })).toMatchObject({
    sizing: {
      kind: 'timeLag',
      objectiveSeconds: 30,
      drainSeconds: 60,
      capacityPerReplica: undefined,
      maxGroupRate: undefined,
      tuning: defaultTuning,
    },
    scaleDown: { stabilizationWindowMs: 0, policies: [] },
  });
});

test('what timeLag says replaces its default only', () => {
  const tuning = { targetUtilization: '0.7', settleSeconds: 0, canary: false };
  const given = { ...timeLag, capacityPerReplica: '0.5', maxGroupRate: '1000', tuning };
  expect(policyOf({ sizing: { timeLag: given } }).sizing).toMatchObject({
    capacityPerReplica: 0.5,
    maxGroupRate: 1000,
    tuning: { ...defaultTuning, targetUtilization: 0.7, settleSeconds: 0, canary: false },
  });
});

test('a behavior beside timeLag has the defaults of autoscaling/v2', () => {
  const { scaleDown } = policyOf({ sizing: { timeLag }, behavior: {} });
  expect(scaleDown.stabilizationWindowMs).toBe(300_000);
});

test('the reference names the defaults of the tuning', () => {
  const file = join(import.meta.dirname, '../../../crds/kafkaconsumerscalers.lagscaler.dev.yaml');
  const { versions } = parse(readFileSync(file, 'utf8')).spec;
  const { properties: spec } = versions[0].schema.openAPIV3Schema.properties.spec;
  const { properties } = spec.sizing.properties.timeLag.properties.tuning;
  const documented = Object.entries<{ description: string }>(properties).map(([name, field]) => {
    const [, text = ''] = / Default "?([^".]+(?:\.\d+)?)"?\.$/.exec(field.description) ?? [];
    return [name, JSON.parse(text)];
  });
  expect(documented.length).toBeGreaterThan(10);
  expect(defaultTuning).toMatchObject(Object.fromEntries(documented));
});

const floor = { schedule: '45 1 * * *', durationSeconds: 3600, timeZone: 'UTC', minReplicas: 4 };

test('floors are taken over with their schedule and the offsets of their time zone', () => {
  expect(policyOf({ floors: [floor] }).floors).toEqual([
    {
      text: '45 1 * * *',
      schedule: parseSchedule('45 1 * * *'),
      durationMs: 3_600_000,
      minReplicas: 4,
      maxReplicas: undefined,
      timeZone: 'UTC',
      offsets: utc,
    },
  ]);
});

test.for<[string, Partial<SpecOfPolicy>]>([
  ['sizing.lagPerReplica.tolerance', { sizing: { lagPerReplica: { value: 1, tolerance: '10%' } } }],
  ['behavior.scaleUp.tolerance', { behavior: { scaleUp: { tolerance: '' } } }],
  ['behavior.scaleDown.tolerance', { behavior: { scaleDown: { tolerance: '-1' } } }],
  ['sizing', { sizing: {} }],
  ['sizing.timeLag.maxGroupRate', { sizing: { timeLag: { ...timeLag, maxGroupRate: '-1' } } }],
  [
    'sizing.timeLag.capacityPerReplica',
    { sizing: { timeLag: { ...timeLag, capacityPerReplica: '0' } } },
  ],
  [
    'sizing.timeLag.tuning.emergencyFactor',
    { sizing: { timeLag: { ...timeLag, tuning: { emergencyFactor: 'x' } } } },
  ],
  ['floors[1].timeZone', { floors: [floor, { ...floor, timeZone: 'Europe/Atlantis' }] }],
  ['floors[0].schedule', { floors: [{ ...floor, schedule: '60 1 * * *' }] }],
  ['override.until', { override: { replicas: 1, until: 'tomorrow', reason: 'x' } }],
])('a bad %s is refused by name', ([field, change]) => {
  expect(() => policyOf(change)).toThrow(InvalidSpecError);
  expect(() => policyOf(change)).toThrow(expect.objectContaining({ field }));
});
