import { expect, test } from 'vitest';
import { fakeWorld } from './fakes.ts';
import { reconcile } from './reconcile.ts';

const signal = new AbortController().signal;
type World = ReturnType<typeof fakeWorld>;

/** Polls of shop/orders, one every 5 s. */
async function poll(world: World, times = 1, seconds = 5) {
  for (let i = 0; i < times; i++) {
    await world.clock.advance(seconds * 1000);
    await reconcile('shop/orders', world.ports, signal);
  }
}
const statusOf = (world: World) => world.scalers.get('shop/orders')?.status;
const conditionOf = (world: World, type: string) =>
  statusOf(world)?.conditions?.find((c) => c.type === type);

/** Lag for 40 replicas of which 12 are ready, since two polls ago. */
async function shortWorld(unschedulable: number | undefined) {
  const world = fakeWorld();
  world.pods.unschedulable = unschedulable;
  world.lag.lag = 2000n;
  world.target.set('orders', 40, { readyReplicas: 12 });
  await poll(world, 2);
  return world;
}

test('pods are not looked at while every replica is ready, nor at zero', async () => {
  const world = fakeWorld();
  await poll(world, 20);
  world.target.set('orders', 0);
  await poll(world, 20);
  expect(world.pods.asked).toEqual([]);
  expect(world.outcomes.every(({ outcome }) => outcome.unschedulable === 0)).toBe(true);
});

test('pods that start within a poll are not looked at either', async () => {
  const world = fakeWorld();
  for (let i = 0; i < 10; i++) {
    world.target.set('orders', 4, { readyReplicas: 3 });
    await poll(world);
    world.target.set('orders', 4);
    await poll(world);
  }
  expect(world.pods.asked).toEqual([]);
});

test('pods that find no node are status, condition and one event', async () => {
  const world = await shortWorld(28);
  await poll(world, 10);
  const message = 'desired 40, ready 12, 28 Pending: Unschedulable';
  expect(world.pods.asked[0]).toBe('shop?app=orders');
  expect(statusOf(world)).toMatchObject({ currentReplicas: 40, unschedulablePods: 28 });
  expect(conditionOf(world, 'Unschedulable')).toMatchObject({ status: 'True', message });
  expect(conditionOf(world, 'Ready')).toMatchObject({ status: 'True' });
  const warning = { type: 'Warning', reason: 'Unschedulable', message };
  expect(world.events).toEqual([warning]);
});

test('no replicas are added meanwhile; with room they come at the next poll', async () => {
  const world = await shortWorld(28);
  world.lag.lag = 4000n;
  world.lag.partitions = 80;
  await poll(world, 5);
  expect(world.target.patches).toEqual([]);
  expect(statusOf(world)?.decision).toMatchObject({ reason: 'Unschedulable' });
  expect(conditionOf(world, 'ScalingLimited')?.reason).toBe('Unschedulable');

  world.pods.unschedulable = 0; // placed, not ready yet
  await poll(world);
  expect(world.target.patches).toEqual([80]);
  expect(statusOf(world)?.unschedulablePods).toBeUndefined();
  expect(conditionOf(world, 'Unschedulable')).toBeUndefined();
});

test('a restart holds at its first poll, and tells nothing twice', async () => {
  const world = await shortWorld(28);
  world.ports.states.forget('shop/orders'); // what a restart loses
  world.lag.lag = 4000n;
  world.lag.partitions = 80;
  await poll(world);
  expect(world.target.patches).toEqual([]);
  expect(world.events).toHaveLength(1);
});

test('fewer replicas stay possible meanwhile', async () => {
  const world = await shortWorld(28);
  world.lag.lag = 500n;
  await poll(world, 61);
  expect(world.target.patches).toEqual([10]);
});

test('as soon as all are ready nothing holds, without a look', async () => {
  const world = await shortWorld(28);
  const asked = world.pods.asked.length;
  world.target.set('orders', 40);
  await poll(world);
  expect(world.pods.asked).toHaveLength(asked);
  expect(conditionOf(world, 'Unschedulable')).toBeUndefined();
});

test('a look takes at least 4.5 s, however often the scaler polls', async () => {
  const world = await shortWorld(28);
  const before = world.pods.asked.length;
  await poll(world, 30, 1);
  expect(world.pods.asked).toHaveLength(before + 6);
  expect(world.outcomes.at(-1)?.outcome.unschedulable).toBe(28); // between the looks, too
});

test('pods that wait for something else are looked at ever more rarely, until the size changes', async () => {
  const world = await shortWorld(0);
  await poll(world, 120); // 10 minutes
  expect(world.pods.asked.length).toBeGreaterThan(10);
  expect(world.pods.asked.length).toBeLessThan(16);
  const before = world.pods.asked.length;
  world.target.set('orders', 41, { readyReplicas: 12 });
  await poll(world, 2);
  expect(world.pods.asked).toHaveLength(before + 1);
});

test('lost pods are looked at soon', async () => {
  const world = await shortWorld(0);
  await poll(world, 120);
  const before = world.pods.asked.length;
  world.target.set('orders', 40, { readyReplicas: 5 });
  await poll(world, 2);
  expect(world.pods.asked).toHaveLength(before + 1);
});

test.for([
  ['a list that fails', {}],
  ['a scale without a selector', { selector: undefined }],
] as const)('%s is unknown: told once, and nothing is held', async ([, extra]) => {
  const world = await shortWorld(undefined);
  world.target.set('orders', 40, { readyReplicas: 12, ...extra });
  world.lag.lag = 4000n;
  world.lag.partitions = 80;
  await poll(world, 20);
  expect(world.target.patches).toEqual([80]);
  expect(world.podsUnknown).toHaveLength(1);
  expect(world.outcomes.at(-2)?.outcome.unschedulable).not.toBe(28);
  expect(statusOf(world)?.unschedulablePods).toBeUndefined();
});

test('a failed look forgets the number of the one before, and is told again after a success', async () => {
  const world = await shortWorld(28);
  for (const unschedulable of [undefined, undefined, 28, undefined]) {
    world.pods.unschedulable = unschedulable;
    await poll(world, 13); // more than the longest wait between two looks
    expect(world.outcomes.at(-1)?.outcome.unschedulable).toBe(unschedulable);
  }
  expect(world.podsUnknown).toHaveLength(2);
});

test('a kind that does not say how many are ready is looked at once a minute at rest', async () => {
  const world = fakeWorld();
  world.target.set('orders', 1, { readyReplicas: undefined });
  await poll(world, 720); // an hour
  expect(world.pods.asked.length).toBeLessThan(70);
  world.lag.lag = 2000n;
  world.pods.unschedulable = 28;
  await poll(world, 3);
  expect(world.target.patches).toEqual([40]);
});
