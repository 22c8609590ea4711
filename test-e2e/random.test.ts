import { expect, test } from 'vitest';
import { seededRandom, shuffled } from './random.ts';

const items = Array.from({ length: 20 }, (_, index) => index);

test('a seed determines the order, and nothing gets lost in it', () => {
  const once = shuffled(items, seededRandom(7));
  expect(shuffled(items, seededRandom(7))).toEqual(once);
  expect(shuffled(items, seededRandom(8))).not.toEqual(once);
  expect(once).not.toEqual(items);
  expect(once.toSorted((a, b) => a - b)).toEqual(items);
});
