import { expect, test } from 'vitest';
import { measured, type RealitySample } from './measure.ts';

/** One sample a second. */
const run = (...seen: readonly (readonly [pods: number, members: number, consumed: number])[]) =>
  seen.map(([pods, members, consumed], t): RealitySample => {
    return { t, replicas: pods, pods, members, consumed, lag: 10 };
  });
const samples = run(
  [2, 2, 0],
  [2, 2, 9],
  [4, 2, 18],
  [4, 3, 18],
  [4, 4, 18],
  [4, 4, 30],
  [3, 3, 40],
);

test('replica-hours are those of all pods that exist', () => {
  expect(measured(samples).replicaHours * 3600).toBe(2 + 4 + 4 + 4 + 4 + 3);
});

test('each change of the replicas is an action', () => {
  expect(measured(samples).actions).toEqual([
    { t: 2, from: 2, to: 4 },
    { t: 6, from: 4, to: 3 },
  ]);
});

test('a start lasts from the write to the member', () => {
  expect(measured(samples).startSeconds).toEqual([1, 2]);
});

test('a pause is a time without commits in which members change', () => {
  expect(measured(samples).pauseSeconds).toBe(3);
});
