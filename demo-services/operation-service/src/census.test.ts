import { expect, test } from 'vitest';
import { cachedCensus } from './census.ts';
import { UnavailableError } from './store.ts';

const census = { byState: { pending: 1, completed: 2, failed: 3 }, unsent: 4 };

function counter(tookMs: number) {
  const world = { now: 0, counted: 0, down: false };
  const ask = cachedCensus(
    async () => {
      world.counted += 1;
      world.now += tookMs;
      if (world.down) throw new UnavailableError('down');
      return census;
    },
    () => world.now,
  );
  return { world, ask };
}

test('several scrapes are one count, for 5 seconds', async () => {
  const { world, ask } = counter(0);
  expect(await Promise.all([ask(), ask()])).toEqual([census, census]);
  world.now = 4_999;
  await ask();
  expect(world.counted).toBe(1);
  world.now = 5_000;
  await ask();
  expect(world.counted).toBe(2);
});

test('a slow count is kept longer', async () => {
  const { world, ask } = counter(1_000);
  await ask();
  world.now = 50_999;
  await ask();
  expect(world.counted).toBe(1);
});

test.for([
  ['takes long', 2_000, 100_000],
  ['takes very long', 20_000, 300_000],
])('a count in vain that %s is not begun again at once', async ([, tookMs, restMs]) => {
  const { world, ask } = counter(Number(tookMs));
  world.down = true;
  await ask();
  world.now += Number(restMs) - 1;
  await ask();
  expect(world.counted).toBe(1);
  world.now += 1;
  await ask();
  expect(world.counted).toBe(2);
});

test('a store that cannot be asked has no census, and is asked again soon', async () => {
  const { world, ask } = counter(0);
  world.down = true;
  expect(await ask()).toBeUndefined();
  world.down = false;
  world.now += 5_000;
  expect(await ask()).toEqual(census);
});

test('a scrape waits a second at most', async () => {
  const ask = cachedCensus(() => new Promise(() => undefined), performance.now.bind(performance));
  const from = performance.now();
  expect(await ask()).toBeUndefined();
  expect(performance.now() - from).toBeLessThan(3_000);
});
