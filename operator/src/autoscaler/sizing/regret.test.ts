import { describe, expect, test } from 'vitest';
import type { ScaleEvent } from '../types.ts';
import { downWindow, noRegret, regretAfter, withoutRegret } from './regret.ts';
import { defaultTuning } from './tuning.ts';

/** Changes of the size, by their minute. */
const changes = (...list: readonly (readonly [minute: number, change: number])[]): ScaleEvent[] =>
  list.map(([minute, change]) => ({ at: minute * 60_000, change }));

describe('the window of a scale-down', () => {
  test.for([
    ['is five minutes', [], 300],
    ['is no longer for a scale-down that lasts', [[1, -4]], 300],
    [
      'is twice as long once a scale-down was undone',
      [
        [1, -4],
        [20, 4],
      ],
      600,
    ],
    [
      'is as long as ever when it was undone after an hour',
      [
        [1, -4],
        [61, 4],
      ],
      300,
    ],
    [
      'is twice as long for each in a row',
      [
        [1, -4],
        [20, 4],
        [30, -4],
        [50, 4],
      ],
      1200,
    ],
    [
      'counts two scale-ups as one',
      [
        [1, -4],
        [20, 2],
        [21, 2],
      ],
      600,
    ],
    [
      'counts two scale-downs as one',
      [
        [1, -4],
        [8, -2],
        [20, 6],
      ],
      600,
    ],
    [
      'forgets when a scale-down has lasted',
      [
        [1, -4],
        [20, 4],
        [30, -4],
        [120, 4],
      ],
      300,
    ],
  ] as const)('%s', ([, list, seconds]) => {
    const regret = regretAfter(noRegret, changes(...list), defaultTuning);
    expect(downWindow(regret, defaultTuning)).toBe(seconds);
  });

  test('is never longer than half an hour', () => {
    const flapping = Array.from({ length: 20 }, (_, i) => [i + 1, i % 2 === 0 ? -4 : 4] as const);
    const regret = regretAfter(noRegret, changes(...flapping), defaultTuning);
    expect(downWindow(regret, defaultTuning)).toBe(1800);
  });
});

test('a change is looked at once, however long it is remembered', () => {
  const events = changes([1, -4], [20, 4]);
  const once = regretAfter(noRegret, events, defaultTuning);
  expect(regretAfter(once, events, defaultTuning)).toEqual(once);
});

test('what was taken back because it did not help is not regretted', () => {
  const reverted = changes([1, 16], [3, -16]);
  const then = withoutRegret(noRegret, reverted);
  const regret = regretAfter(then, [...reverted, ...changes([20, 16])], defaultTuning);
  expect(downWindow(regret, defaultTuning)).toBe(300);
});
