import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSchedule, type Profile } from './schedule.ts';

const constant = (ratePerSecond: number): Profile => ({ kind: 'constant', ratePerSecond });
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
  ['no end at all', constant(10), Number.POSITIVE_INFINITY, 3_600_000, 36_000],
  ['a ramp at its end: the mean rate', ramp(0, 100), 10_000, 10_000, 500],
  ['a ramp at half its time: a quarter', ramp(0, 100), 10_000, 5_000, 125],
  ['a falling ramp', ramp(100, 0), 10_000, 10_000, 500],
  ['a ramp that is none', ramp(7, 7), 10_000, 10_000, 70],
] as const)('%s', ([, profile, durationMs, elapsedMs, due]) => {
  expect(createSchedule(profile, durationMs).dueCount(elapsedMs)).toBe(due);
});

test('each record is due within the duration, in order, and counted once its time has come', () => {
  const rate = fc.integer({ min: 1, max: 400 });
  const problems = (from: number, to: number, durationMs: number) => {
    const schedule = createSchedule(ramp(from, to), durationMs);
    const times = Array.from({ length: schedule.dueCount(durationMs) }, (_, index) =>
      schedule.dueAtMs(index),
    );
    return times.filter(
      (at, index) =>
        at < (times[index - 1] ?? 0) ||
        at > durationMs + 0.5 ||
        schedule.dueCount(at + 0.5) <= index,
    );
  };
  fc.assert(
    fc.property(rate, rate, fc.integer({ min: 100, max: 3_000 }), (from, to, durationMs) => {
      expect(problems(from, to, durationMs)).toEqual([]);
    }),
  );
});
