import { expect, test } from 'vitest';
import { createBatcher } from './batcher.ts';

class Outage extends Error {}

/** Doubles numbers; refuses odd ones; remembers its calls. */
function setUp(maxItems = 100) {
  const calls: number[][] = [];
  const world = { down: false, calls };
  const call = async (items: readonly number[]) => {
    calls.push([...items]);
    await new Promise((resolve) => setImmediate(resolve));
    if (world.down) throw new Outage();
    if (items.some((item) => item % 2 === 1)) throw new Error('odd');
    return items.map((item) => 2 * item);
  };
  const double = createBatcher({
    many: call,
    isTransient: (error) => error instanceof Outage,
    maxItems,
  });
  return { ...world, world, double };
}

test('what comes in one turn, or while a call is under way, goes together', async () => {
  const { double, calls } = setUp();
  const first = [double(2), double(4)];
  await new Promise((resolve) => setImmediate(resolve));
  const second = [double(6), double(8)];
  expect(await Promise.all([...first, ...second])).toEqual([4, 8, 12, 16]);
  expect(calls).toEqual([
    [2, 4],
    [6, 8],
  ]);
});

test('a call has no more items than allowed', async () => {
  const { double, calls } = setUp(2);
  expect(await Promise.all([2, 4, 6].map(double))).toEqual([4, 8, 12]);
  expect(calls.map(({ length }) => length)).toEqual([2, 1]);
});

test('one that is refused is refused alone', async () => {
  const { double } = setUp();
  const results = await Promise.allSettled([2, 3, 4].map(double));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await double(6)).toBe(12);
});

test('an outage behind a refused item is shared by all that are left', async () => {
  const calls: (readonly number[])[] = [];
  const double = createBatcher<number, number>({
    many: async (items) => {
      calls.push(items);
      if (items.length > 1 || items[0] === 1) throw new Error('odd');
      if (items[0] === 4) throw new Outage();
      return items.map((item) => 2 * item);
    },
    isTransient: (error) => error instanceof Outage,
    maxItems: 100,
  });
  expect(await Promise.allSettled([1, 2, 4, 6, 8].map(double))).toMatchObject([
    { reason: new Error('odd') },
    { value: 4 },
    { reason: new Outage() },
    { reason: new Outage() },
    { reason: new Outage() },
  ]);
  expect(calls).toEqual([[1, 2, 4, 6, 8], [1], [2], [4]]);
});

test('a result that comes later, or not, is of its own item only', async () => {
  const later = createBatcher<number, number>({
    many: async (items) =>
      items.map((item) => (item === 1 ? Promise.reject(new Error('no')) : item)),
    isTransient: () => false,
    maxItems: 10,
  });
  const results = await Promise.allSettled([1, 2].map(later));
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
});

test('an outage is shared by all, after one call', async () => {
  const { double, world, calls } = setUp();
  world.down = true;
  const results = await Promise.allSettled([2, 4].map(double));
  expect(results).toMatchObject([{ reason: new Outage() }, { reason: new Outage() }]);
  expect(calls).toHaveLength(1);
});
