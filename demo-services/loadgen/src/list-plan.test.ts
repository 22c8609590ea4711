import { expect, test } from 'vitest';
import { planList } from './list-plan.ts';

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test.for([
  ['nothing pending, nothing listed', [], 1_000, 0, 0],
  ['a single pending operation is asked for by itself', [980], 1_000, 0, 0],
  ['few pending among the newest: one small page', range(970, 1_000), 1_000, 30, 60],
  ['a backlog: the list down to the oldest', range(0, 2_400), 3_000, 3_000, 3_400],
  ['one stuck long ago is left out', [5, ...range(90_000, 90_030)], 90_030, 30, 60],
  [
    'a backlog too long to be listed: what the list can bear',
    range(0, 50_000),
    50_000,
    20_000,
    30_000,
  ],
] as const)('%s', ([, positions, accepted, atLeast, atMost]) => {
  const listed = planList(positions, accepted);
  expect(listed).toBeGreaterThanOrEqual(atLeast);
  expect(listed).toBeLessThanOrEqual(atMost);
});
