import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { registerPendingGauges } from './pending-gauges.ts';

function setUp(count: () => Promise<{ all: number; since: number }>) {
  const registry = new Registry();
  const clock = { now: 0 };
  registerPendingGauges(registry, count, () => clock.now);
  const values = async () =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return { clock, values };
}

test('both gauges come from one count, made anew every 15 s at most', async () => {
  let counts = 0;
  const { clock, values } = setUp(async () => {
    counts += 1;
    return { all: 10 * counts, since: counts };
  });
  expect(await values()).toEqual(['demo_users_pending 10', 'demo_saga_stuck 1']);
  clock.now = 15_000;
  expect(await values()).toEqual(['demo_users_pending 10', 'demo_saga_stuck 1']);
  clock.now = 15_001;
  expect(await values()).toEqual(['demo_users_pending 20', 'demo_saga_stuck 2']);
});

test('while the database cannot be asked they are missing, never zero', async () => {
  let down = true;
  const { values } = setUp(async () => {
    if (down) throw new Error('down');
    return { all: 2, since: 0 };
  });
  expect(await values()).toEqual([]);
  down = false;
  expect(await values()).toEqual(['demo_users_pending 2', 'demo_saga_stuck 0']);
});

test('a count that has become too old is not shown when it cannot be renewed', async () => {
  let down = false;
  const { clock, values } = setUp(async () => {
    if (down) throw new Error('down');
    return { all: 2, since: 1 };
  });
  expect(await values()).toHaveLength(2);
  down = true;
  clock.now = 15_001;
  expect(await values()).toEqual([]);
});
