import { expect, test } from 'vitest';
import type { Value } from './worker-protocol.ts';
import { countWrong } from './wrong.ts';

const value = (partition: number, change: Partial<Value> = {}): Value => ({
  group: 'shop',
  topic: 'orders',
  partition,
  committed: '5',
  end: '9',
  lag: '4',
  ...change,
});
const truth = [value(0), value(1), value(2)];

test('equal values are right, in any order', () => {
  expect(countWrong([value(2), value(0), value(1)], truth)).toEqual({
    compared: 3,
    wrong: 0,
    examples: [],
  });
});

test.for<[string, readonly Value[], string]>([
  [
    'a planted end offset is found, though the lag is as it should be',
    [value(0), value(1, { end: '10' }), value(2)],
    'shop orders/1: committed 5 end 10 lag 4; it is committed 5 end 9 lag 4',
  ],
  [
    'a planted commit is found',
    [value(0), value(1, { committed: '6' }), value(2)],
    'shop orders/1: committed 6 end 9 lag 4; it is committed 5 end 9 lag 4',
  ],
  [
    'a lag that does not follow from the offsets is found',
    [value(0), value(1, { lag: '0' }), value(2)],
    'shop orders/1: committed 5 end 9 lag 0; it is committed 5 end 9 lag 4',
  ],
  [
    'a partition without an answer is wrong, not left out',
    [value(0), value(1, { committed: undefined, lag: undefined }), value(2)],
    'shop orders/1: committed undefined end 9 lag undefined; it is committed 5 end 9 lag 4',
  ],
  [
    'a missing partition is wrong',
    [value(0), value(2)],
    'shop orders/1: missing; it is committed 5 end 9 lag 4',
  ],
  [
    'a partition told twice is wrong, even with the same value',
    [value(0), value(1), value(1), value(2)],
    'shop orders/1: committed 5 end 9 lag 4, again committed 5 end 9 lag 4; it is committed 5 end 9 lag 4',
  ],
  [
    'the partition of another group is none of this one',
    [...truth, value(1, { group: 'store' })],
    'store orders/1: does not exist',
  ],
])('%s', ([, values, example]) => {
  expect(countWrong(values, truth)).toEqual({ compared: 3, wrong: 1, examples: [example] });
});

test('all wrong values are counted, and the first five are told', () => {
  const many = Array.from({ length: 20 }, (_, partition) => value(partition));
  const { wrong, examples } = countWrong([], many);
  expect(wrong).toBe(20);
  expect(examples).toHaveLength(5);
});
