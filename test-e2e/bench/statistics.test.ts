import { expect, test } from 'vitest';
import { percentile } from './statistics.ts';

const thirty = Array.from({ length: 30 }, (_, i) => 30 - i);

test.for([
  ['the median of an odd count is the one in the middle', [3, 1, 2], 0.5, 2],
  ['the median of an even count is the lower of the two', [4, 1, 3, 2], 0.5, 2],
  ['p99 of 30 values is the greatest', thirty, 0.99, 30],
  ['p99 of a single value is that value', [7], 0.99, 7],
] as const)('%s', ([, values, p, expected]) => {
  expect(percentile(values, p)).toBe(expected);
});

test('without values there is no percentile', () => {
  expect(() => percentile([], 0.5)).toThrow('0 values');
});
