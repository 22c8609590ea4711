import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSchedule, type Profile, type Schedule } from './schedule.ts';

const constant = (ratePerSecond: number): Profile => ({ kind: 'constant', ratePerSecond });
const steps = (...pairs: readonly (readonly [rate: number, seconds: number])[]): Profile => ({
  kind: 'steps',
  steps: pairs.map(([ratePerSecond, seconds]) => ({ ratePerSecond, durationMs: seconds * 1_000 })),
});
const endless = Number.POSITIVE_INFINITY;
const ramp = (fromPerSecond: number, toPerSecond: number): Profile => ({
  kind: 'ramp',
  fromPerSecond,
  toPerSecond,
});

test.for([
  ['nothing is due at the start', constant(10), 60_000, 0, 0],
  ['a constant rate', constant(25), 60_000, 2_000, 50],
  ['a rate below one per second', constant(0.5), 60_000, 4_000, 2],
  ['nothing more after the end', constant(10), 3_000, 9_000, 30],
  ['no end at all', constant(10), endless, 3_600_000, 36_000],
  ['a ramp at its end: the mean rate', ramp(0, 100), 10_000, 10_000, 500],
  ['a ramp at half its time: a quarter', ramp(0, 100), 10_000, 5_000, 125],
  ['a falling ramp', ramp(100, 0), 10_000, 10_000, 500],
  ['a ramp that is none', ramp(7, 7), 10_000, 10_000, 70],
  ['the first step at its end', steps([25, 60], [100, 30]), 0, 60_000, 1_500],
  ['the second step goes on from there', steps([25, 60], [100, 30]), 0, 61_000, 1_600],
  ['all steps', steps([25, 60], [100, 30]), 0, 200_000, 4_500],
  ['a step without load', steps([10, 2], [0, 5], [10, 2]), 0, 6_000, 20],
  ['after a step without load', steps([10, 2], [0, 5], [10, 2]), 0, 8_000, 30],
  ['half a request of one step is completed by the next', steps([0.5, 1], [1, 1]), 0, 1_500, 1],
  ['a last step without end', steps([10, 2], [100, endless]), 0, 3_600_000, 359_820],
] as const)('%s', ([, profile, durationMs, elapsedMs, due]) => {
  expect(createSchedule(profile, durationMs).dueCount(elapsedMs)).toBe(due);
});

test('each request is due within the duration, in order, and counted once its time has come', () => {
  const rate = fc.integer({ min: 1, max: 400 });
  const seconds = fc.integer({ min: 0, max: 3 });
  const ofSteps = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 400 }), seconds), { minLength: 1, maxLength: 5 })
    .map((pairs) => createSchedule(steps(...pairs), 0));
  const ofRamp = fc
    .tuple(rate, rate, fc.integer({ min: 100, max: 3_000 }))
    .map(([from, to, durationMs]) => createSchedule(ramp(from, to), durationMs));
  const problems = (schedule: Schedule) => {
    const times = Array.from({ length: schedule.dueCount(schedule.durationMs) }, (_, index) =>
      schedule.dueAtMs(index),
    );
    return times.filter(
      (at, index) =>
        at < (times[index - 1] ?? 0) ||
        at > schedule.durationMs + 0.5 ||
        schedule.dueCount(at + 0.5) <= index,
    );
  };
  fc.assert(
    fc.property(fc.oneof(ofSteps, ofRamp), (schedule) => {
      expect(problems(schedule)).toEqual([]);
    }),
  );
});
