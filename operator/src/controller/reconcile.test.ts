import { expect, test } from 'vitest';
import { fakeWorld, scalerOf } from './fakes.ts';
import { TargetError } from './ports.ts';
import { reconcile } from './reconcile.ts';

const signal = new AbortController().signal;
type World = ReturnType<typeof fakeWorld>;

/** One poll of shop/orders, `seconds` after the last. */
async function poll(world: World, seconds = 5, key = 'shop/orders') {
  await world.clock.advance(seconds * 1000);
  return reconcile(key, world.ports, signal);
}
const statusOf = (world: World, key = 'shop/orders') => world.scalers.get(key)?.status;
const conditionOf = (world: World, type: string, key = 'shop/orders') => {
  const found = statusOf(world, key)?.conditions?.find((c) => c.type === type);
  return found && [found.status, found.reason];
};

test('lag above the target scales out in one patch and says why', async () => {
  const world = fakeWorld();
  world.lag.lag = 1650n;
  await poll(world);
  expect(world.target.patches).toEqual([33]);
  expect(conditionOf(world, 'AbleToScale')).toEqual(['True', 'SucceededRescale']);
  expect(statusOf(world)).toMatchObject({ lag: '1650', currentReplicas: 33, desiredReplicas: 33 });
  expect(world.events).toHaveLength(1);
  expect(world.events[0]).toMatchObject({ type: 'Normal', reason: 'SuccessfulRescale' });
  expect(world.events[0]?.message).toMatch(/from 1 to 33.*1650/);
});

test('polls fall on the multiples of the interval, whenever a poll ended', async () => {
  const world = fakeWorld();
  const phases: number[] = [];
  for (const seconds of [1.234, 3, 0.5, 17]) {
    const result = await poll(world, seconds);
    if (typeof result === 'string') throw new Error('expected a requeue');
    expect(result.requeueAfterMs).toBeGreaterThan(0);
    expect(result.requeueAfterMs).toBeLessThanOrEqual(5000);
    phases.push((world.clock.now() + result.requeueAfterMs) % 5000);
  }
  expect(new Set(phases).size).toBe(1);
});

test('an idle poll writes nothing', async () => {
  const world = fakeWorld();
  for (let i = 0; i < 20; i++) await poll(world);
  expect(world.scalers.writes).toBe(1); // the first status
  expect(world.events).toEqual([]);
  expect(world.target.patches).toEqual([]);
});

test('a steady lag is not written again', async () => {
  const world = fakeWorld();
  world.lag.lag = 50n;
  for (let i = 0; i < 20; i++) await poll(world);
  expect(world.scalers.writes).toBe(1);
});

test('lag that moves within its order of magnitude is written every 30 s', async () => {
  const world = fakeWorld();
  world.lag.lag = 50n;
  await poll(world);
  for (let i = 0; i < 6; i++) {
    world.lag.lag = 50n + BigInt(i % 3);
    await poll(world);
  }
  expect(world.scalers.writes).toBe(2);
});

test('an unreadable lag holds the replicas and is a condition and one event', async () => {
  const world = fakeWorld();
  world.target.set('orders', 7);
  world.lag.lag = undefined;
  for (let i = 0; i < 10; i++) await poll(world, 60);
  expect(world.target.patches).toEqual([]);
  expect(conditionOf(world, 'ScalingActive')).toEqual(['Unknown', 'KafkaUnreachable']);
  expect(conditionOf(world, 'Ready')).toEqual(['False', 'KafkaUnreachable']);
  expect(statusOf(world)?.lag).toBeUndefined();
  expect(world.events.map((e) => e.reason)).toEqual(['KafkaUnreachable']);
});

test('a changed Secret is the connection of the next poll; a missing one holds and is told', async () => {
  const secretRef = { name: 'account', usernameKey: 'username', passwordKey: 'password' };
  const sasl = { mechanism: 'PLAIN' as const, secretRef };
  const world = fakeWorld({ kafka: { bootstrapServers: ['kafka:9092'], sasl } });
  await poll(world);
  expect(conditionOf(world, 'Ready')).toEqual(['False', 'SecretNotFound']);
  expect(conditionOf(world, 'ScalingActive')).toEqual(['Unknown', 'SecretNotFound']);

  const put = (password: string) =>
    world.secrets.objects.set('Secret shop/account', { username: 'alice', password });
  for (const password of ['one', 'one', 'two']) {
    put(password);
    await poll(world);
  }
  const used = world.lag.requests.map((r) => r.connection);
  expect(used.map((c) => c.sasl)).toEqual(
    ['one', 'one', 'two'].map((password) => ({ mechanism: 'PLAIN', username: 'alice', password })),
  );
  expect(used[1]).toBe(used[0]); // no need to compare again what did not change
});

test('a deleted scaler leaves its Secrets alone', async () => {
  const world = fakeWorld();
  await poll(world);
  expect([...world.secrets.used.keys()]).toEqual(['shop/orders']);
  world.scalers.objects.clear();
  await poll(world);
  expect([...world.secrets.used.keys()]).toEqual([]);
});

test('some unknown partitions hold the replicas; Ready is Unknown and names the broker', async () => {
  const world = fakeWorld();
  world.target.set('orders', 7);
  world.lag.unknown = 3;
  for (let i = 0; i < 10; i++) await poll(world, 60);
  expect(world.target.patches).toEqual([]);
  expect(conditionOf(world, 'Ready')).toEqual(['Unknown', 'LagIncomplete']);
  const message =
    '3 of 40 partitions could not be read: no scale-in; broker 2 at kafka-2:9092: connect: TCP: refused';
  const ready = statusOf(world)?.conditions?.find((c) => c.type === 'Ready');
  expect(ready?.message).toBe(message);
  const hold = statusOf(world)?.decision?.steps?.at(-1)?.message;
  expect(hold).toContain('broker 2 at kafka-2:9092: connect: TCP: refused');
  expect(statusOf(world)).toMatchObject({ partitions: 40, unknownPartitions: 3 });
});

test('a lag without a log start is an upper bound, and says why; it may scale in', async () => {
  const world = fakeWorld({ behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } });
  world.target.set('orders', 7);
  world.lag.lag = 100n;
  world.lag.change = (offsets) => ({ ...offsets, logStart: undefined });
  world.lag.gaps = 'broker 2 at kafka-2:9092: ListOffsets: request: no answer in time';
  await poll(world);
  const active = statusOf(world)?.conditions?.find((c) => c.type === 'ScalingActive');
  expect(active).toMatchObject({
    status: 'True',
    reason: 'ValidLagFound',
    message: `the lag is an upper bound: not every log start is known: ${world.lag.gaps}`,
  });
  expect(statusOf(world)?.decision?.message).toContain('lag of at most 100');
  expect(world.target.patches).toEqual([2]);
});

test('a target that changes between reading and writing is read and decided again', async () => {
  const world = fakeWorld();
  world.lag.lag = 500n;
  world.target.beforeWrite = () => {
    world.target.beforeWrite = undefined;
    world.target.set('orders', 4);
  };
  await poll(world);
  expect(world.target.patches).toEqual([10]);
  expect(world.events[0]?.message).toContain('from 4 to 10');
});

test('a writer that never stops is given up until the next poll, with the reason', async () => {
  const world = fakeWorld();
  world.lag.lag = 500n;
  let n = 1;
  world.target.beforeWrite = () => world.target.set('orders', 1 + (n++ % 3));
  await poll(world);
  expect(world.target.patches).toEqual([]);
  expect(n).toBe(4);
  expect(conditionOf(world, 'AbleToScale')).toEqual(['False', 'FailedUpdateScale']);
});

test('a denied write is told once and tried again at the next poll', async () => {
  const world = fakeWorld();
  world.lag.lag = 500n;
  world.target.failure = new TargetError('Forbidden', 'may not patch deployments/scale');
  await poll(world);
  await poll(world);
  expect(conditionOf(world, 'AbleToScale')).toEqual(['False', 'FailedUpdateScale']);
  world.target.failure = undefined;
  await poll(world);
  expect(world.target.patches).toEqual([10]);
  expect(conditionOf(world, 'AbleToScale')).toEqual(['True', 'SucceededRescale']);
});

test('a missing target is a condition; it is scaled once it exists', async () => {
  const world = fakeWorld();
  world.target.objects.clear();
  world.lag.lag = 500n;
  await poll(world);
  expect(conditionOf(world, 'Ready')).toEqual(['False', 'TargetNotFound']);
  world.target.set('orders', 1);
  await poll(world);
  expect(world.target.patches).toEqual([10]);
});

test('of two scalers on one target the older acts, the younger says so', async () => {
  const world = fakeWorld();
  world.add({ ...scalerOf('younger'), creationTimestamp: 5 });
  world.lag.lag = 500n;
  await poll(world, 5, 'shop/younger');
  expect(world.target.patches).toEqual([]);
  expect(conditionOf(world, 'AbleToScale', 'shop/younger')).toEqual([
    'False',
    'ConflictingAutoscaler',
  ]);
  await poll(world);
  expect(world.target.patches).toEqual([10]);
});

test('an HPA on the target keeps our hands off until it is gone', async () => {
  const world = fakeWorld();
  world.lag.lag = 500n;
  world.target.hpas.set('orders', 'shop/orders-hpa');
  await poll(world);
  expect(world.target.patches).toEqual([]);
  expect(conditionOf(world, 'Ready')).toEqual(['False', 'ConflictingAutoscaler']);
  world.target.hpas.clear();
  await poll(world);
  expect(world.target.patches).toEqual([10]);
});

test('Recommend decides and reports, tells of a recommendation once and never writes', async () => {
  const world = fakeWorld({ mode: 'Recommend' });
  for (let lag = 100n; lag <= 500n; lag += 100n) {
    world.lag.lag = lag;
    await poll(world);
  }
  expect(world.target.patches).toEqual([]);
  expect(statusOf(world)).toMatchObject({ currentReplicas: 1, desiredReplicas: 10 });
  expect(world.events.map((e) => e.reason)).toEqual(['WouldRescale']);
});

test('paused reads and reports, but never acts', async () => {
  const world = fakeWorld({ paused: true });
  world.lag.lag = 500n;
  await poll(world);
  expect(world.target.patches).toEqual([]);
  expect(statusOf(world)?.lag).toBe('500');
  expect(conditionOf(world, 'AbleToScale')).toEqual(['False', 'Paused']);
});

test('a replica that does not lead never writes the scale', async () => {
  const world = fakeWorld();
  world.lag.lag = 500n;
  world.world.leading = false;
  await poll(world);
  expect(world.target.patches).toEqual([]);
});

test('after a restart nothing falls before the window has filled again', async () => {
  const world = fakeWorld();
  world.target.set('orders', 20);
  await poll(world);
  await poll(world, 294);
  expect(world.target.patches).toEqual([]);
  await poll(world, 10);
  expect(world.target.patches).toEqual([1]);
});

test.for([3_600_000, -3_600_000])(
  'a wall clock that is set by %i ms is a restart: windows fill again in their own time',
  async (stepMs) => {
    const world = fakeWorld();
    world.target.set('orders', 20);
    await poll(world);
    await poll(world, 290);
    world.clock.step(stepMs);
    await poll(world);
    await poll(world, 290);
    expect(world.target.patches).toEqual([]);
    await poll(world, 10);
    expect(world.target.patches).toEqual([1]);
  },
);

test('rate policies go on counting over a restart, from status.history', async () => {
  const behavior = {
    scaleUp: { policies: [{ type: 'Pods' as const, value: 4, periodSeconds: 60 }] },
  };
  const world = fakeWorld({ behavior });
  world.lag.lag = 5000n;
  await poll(world);
  expect(world.target.patches).toEqual([5]);
  world.ports.states.forget('shop/orders'); // what a restart loses
  await poll(world, 30);
  expect(world.target.patches).toEqual([5]);
  await poll(world, 31);
  expect(world.target.patches).toEqual([5, 9]);
});

test('a failed status write does not change the decision and is tried again', async () => {
  const world = fakeWorld();
  world.lag.lag = 500n;
  world.scalers.failure = new Error('unreachable');
  await poll(world);
  expect(world.target.patches).toEqual([10]);
  expect(world.world.statusFailures).toBe(1);
  world.scalers.failure = undefined;
  await poll(world);
  expect(statusOf(world)?.desiredReplicas).toBe(10);
});

test('a deleted scaler is forgotten: its session is released', async () => {
  const world = fakeWorld();
  await poll(world);
  world.scalers.objects.clear();
  expect(await poll(world)).toBe('done');
  expect(world.lag.released).toEqual(['shop/orders']);
});

test('the history keeps the last ten scalings', async () => {
  const world = fakeWorld({ behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } });
  for (let i = 0; i < 12; i++) {
    world.lag.lag = i % 2 === 0 ? 500n : 1000n;
    await poll(world, 60);
  }
  const history = statusOf(world)?.history ?? [];
  expect(history).toHaveLength(10);
  expect(history.at(-1)).toMatchObject({ from: 10, to: 20, lag: '1000' });
});

/** Readings with the time of the world's clock; records arrive on every partition, one a second. */
function moving(world: World, committedAt: (partition: number, second: number) => number): void {
  const start = world.clock.now();
  const second = () => (world.clock.now() - start) / 1000;
  world.lag.partitions = 4;
  world.lag.at = () => world.clock.now();
  world.lag.change = (offsets) => ({
    ...offsets,
    end: BigInt(Math.round(1_000 + second())),
    committed: BigInt(Math.round(1_000 + committedAt(offsets.partition, second()))),
  });
}

test('status shows how far behind the group is and how fast records come and go', async () => {
  const world = fakeWorld();
  moving(world, (_, second) => second - 20);
  for (let i = 0; i < 20; i++) await poll(world);
  expect(statusOf(world)).toMatchObject({
    lag: '80',
    lagSeconds: '20.0',
    arrivalRate: '4.0',
    consumptionRate: '4.0',
    commitStatus: 'WARN', // the lag never falls
  });
});

test('a commit status that comes and goes for an hour adds no write to those of every 30 s', async () => {
  const world = fakeWorld({ paused: true });
  // Falls behind for a minute and a half, then catches up at once.
  moving(world, (_, second) => second - 500 - (second % 90) / 2);
  const statuses: (string | undefined)[] = [];
  await poll(world);
  world.scalers.writes = 0;
  for (let second = 0; second < 3_600; second += 5) {
    await poll(world);
    const { reading } = world.outcomes.at(-1)?.outcome ?? {};
    statuses.push(reading?.kind === 'observed' ? reading.trend.status : undefined);
  }
  const flips = statuses.filter((status, i) => i > 0 && status !== statuses[i - 1]);
  expect(flips.length).toBeGreaterThan(50);
  expect(world.scalers.writes).toBeLessThanOrEqual(120);
});

test('a partition that stands still while others move is named, told once, and forgotten when it moves', async () => {
  const world = fakeWorld();
  let poisoned = true;
  moving(world, (partition, second) => (partition === 2 && poisoned ? 7 : second - 1));
  for (let i = 0; i < 30; i++) await poll(world);
  const condition = () => statusOf(world)?.conditions?.find((c) => c.type === 'PartitionStalled');
  expect(condition()).toMatchObject({
    status: 'True',
    message: expect.stringContaining('topic orders, partition 2 at offset 1007'),
  });
  expect(world.events.filter((e) => e.reason === 'PartitionStalled')).toHaveLength(1);

  world.lag.lag = undefined;
  await poll(world);
  expect(condition()).toBeDefined(); // nobody knows better
  world.lag.lag = 0n;
  poisoned = false;
  await poll(world);
  expect(condition()).toBeUndefined();
});

test('another group has a history of its own', async () => {
  const world = fakeWorld();
  moving(world, (_, second) => second - 20);
  for (let i = 0; i < 20; i++) await poll(world);
  const scaler = world.scalers.get('shop/orders');
  if (!scaler) throw new Error('the world has no scaler');
  const consumer = { ...scaler.spec.consumer, group: 'billing' };
  world.add({ ...scaler, generation: 2, spec: { ...scaler.spec, consumer } });
  await poll(world);
  expect(statusOf(world)?.lag).toBe('80');
  expect(statusOf(world)).not.toHaveProperty('consumptionRate');
  await poll(world);
  expect(world.outcomes.at(-1)?.outcome.reading).toMatchObject({ trend: { consumptionRate: 4 } });
});

test('lag that nobody commits is a group that has stopped', async () => {
  const world = fakeWorld();
  moving(world, () => 0);
  for (let i = 0; i < 30; i++) await poll(world);
  expect(conditionOf(world, 'ScalingActive')).toEqual(['True', 'GroupStopped']);
});

test('lag that nobody commits while there are no pods is no group that has stopped', async () => {
  const world = fakeWorld({ paused: true });
  world.target.set('orders', 0);
  moving(world, () => 0);
  for (let i = 0; i < 30; i++) await poll(world);
  expect(conditionOf(world, 'ScalingActive')).toEqual(['True', 'ValidLagFound']);
});

test('the age of a record older than the history is looked up, at most every 30 s', async () => {
  const world = fakeWorld();
  world.lag.timestamp = world.clock.now() - 3_600_000;
  moving(world, () => -500);
  for (let i = 0; i < 4; i++) await poll(world);
  expect(world.lag.timestampsAsked).toEqual(['orders/0 500']);
  await poll(world, 30);
  expect(Number(statusOf(world)?.lagSeconds)).toBeCloseTo(3_650, -1);
});

test('a topic that is created anew does not scale in at once', async () => {
  const world = fakeWorld({ behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } });
  world.target.set('orders', 10);
  world.lag.at = () => world.clock.now();
  world.lag.lag = 500n;
  await poll(world);
  world.lag.lag = 0n;
  world.lag.change = (offsets) => ({ ...offsets, topicId: 'another' });
  await poll(world);
  expect(statusOf(world)?.decision?.reason).toBe('OffsetsReset');
  expect(world.target.patches).toEqual([]);
  await poll(world);
  expect(world.target.patches).toEqual([1]);
});

const sizing = { timeLag: { objectiveSeconds: 60, drainSeconds: 120, capacityPerReplica: '1' } };

test('with timeLag the rates decide: as many replicas as can read what arrives', async () => {
  const world = fakeWorld({ sizing });
  // One record a second on each of 4 partitions, and one a second for each replica.
  moving(world, (_, second) => second / 4);
  for (let i = 0; i < 6; i++) await poll(world);
  expect(world.target.patches).toEqual([]);
  expect(conditionOf(world, 'AbleToScale')).toEqual(['True', 'WarmingUp']);
  for (let i = 0; i < 8; i++) await poll(world);
  expect(world.target.patches).toEqual([4]);
  expect(statusOf(world)?.history).toMatchObject([{ to: 4, reason: 'LoadAboveCapacity' }]);
  expect(statusOf(world)).toMatchObject({ capacityPerReplica: '1', arrivalRate: '4.0' });
  expect(world.lag.requests.at(-1)).toMatchObject({ withMembers: true });
});

test('what timeLag has learned outlives a restart', async () => {
  const world = fakeWorld({ sizing: { timeLag: { objectiveSeconds: 60, drainSeconds: 120 } } });
  world.target.set('orders', 4);
  moving(world, (_, second) => second - 1);
  for (let i = 0; i < 30; i++) await poll(world);
  const { learned, capacityPerReplica } = statusOf(world) ?? {};
  expect(learned).toMatchObject({ version: 1, lastSize: 4, lowerBoundPerReplica: '1' });
  expect(capacityPerReplica).toBeUndefined(); // it never had more to do than it could

  const scaler = world.scalers.get('shop/orders');
  if (!scaler || !learned) throw new Error('there is a scaler, and it has learned');
  const status = { ...scaler.status, learned: { ...learned, capacityPerReplica: '2.5' } };
  world.scalers.objects.set('shop/orders', { ...scaler, status });
  world.ports.states.forget('shop/orders');
  await poll(world);
  expect(statusOf(world)).toMatchObject({
    capacityPerReplica: '2.5',
    learned: { capacityPerReplica: '2.5', capacitySamples: 1, lastSize: 4 },
  });
});

test('a time zone that does not exist is a spec that cannot be served', async () => {
  const floor = { schedule: '0 2 * * *', durationSeconds: 60, minReplicas: 2 };
  const world = fakeWorld({ floors: [{ ...floor, timeZone: 'Europe/Atlantis' }] });
  await poll(world);
  expect(conditionOf(world, 'Ready')).toEqual(['False', 'InvalidSpec']);
  expect(statusOf(world)?.conditions?.[0]?.message).toContain('floors[0].timeZone');
});
