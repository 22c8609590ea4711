import { expect, test } from 'vitest';
import { nextBackoffMs } from './backoff.ts';

const settings = { initialMs: 1_000, maxMs: 5_000, resetAfterMs: 60_000 };

test('the first restart is immediate, then the wait doubles up to its maximum', () => {
  const waits: number[] = [];
  let wait: number | undefined;
  for (let i = 0; i < 6; i++) {
    wait = nextBackoffMs(wait, 100, settings);
    waits.push(wait);
  }
  expect(waits).toEqual([0, 1_000, 2_000, 4_000, 5_000, 5_000]);
});

test.for([
  ['a run as long as the reset time starts the series anew', 60_000, 0],
  ['a run just shorter does not', 59_999, 5_000],
] as const)('%s', ([, ranMs, expected]) => {
  expect(nextBackoffMs(4_000, ranMs, settings)).toBe(expected);
});
