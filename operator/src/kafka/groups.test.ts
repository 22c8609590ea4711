import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LagRequest, LagSource } from '../controller/ports.ts';
import { FakeKafka, fakeMembers, SkippingClock } from './fakes.ts';
import { createLagSource } from './lag-source.ts';

/** Group descriptions as readings show them, and what they cost. */

const never = new AbortController().signal;
const owned = { orders: [0, 1] };

let kafka: FakeKafka;
let clock: SkippingClock;
let source: LagSource;

beforeEach(() => {
  kafka = new FakeKafka(3);
  clock = new SkippingClock('stopped');
  source = createLagSource({ clock, readTimeoutMs: 600, connect: () => kafka.transport() });
  kafka.createTopic('orders', [10n]);
});
afterEach(() => source.close());

function ask(group: string, change: Partial<LagRequest> = {}, owner = `shop/${group}`) {
  const request: LagRequest = {
    connection: { bootstrapServers: ['kafka:1'], tls: undefined, sasl: undefined },
    group,
    topics: ['orders'],
    partitions: undefined,
    isolationLevel: 'read_uncommitted',
    ...change,
  };
  return source.read(owner, request, never);
}

async function describeGroup(group: string, change: Partial<LagRequest> = {}) {
  const reading = await ask(group, change);
  if (reading.kind !== 'observed') throw new Error(reading.message);
  return reading.group;
}

const describing = /^(DescribeGroups|ConsumerGroupDescribe|ShareGroupDescribe)@/;
const described = () => kafka.takeRequests().filter((request) => describing.test(request));

/** Makes it a group of another kind than classic. */
function become(
  group: string,
  kind: 'consumer' | 'share',
  members = fakeMembers('Stable', 'uniform', owned),
) {
  const found = kafka.groups.get(group) ?? kafka.createGroup(group);
  Object.assign(found, {
    classic: undefined,
    consumer: undefined,
    share: undefined,
    [kind]: members,
  });
}

describe('a group', () => {
  test('of the classic protocol has members, of which some wait for partitions', async () => {
    kafka.createGroup('billing').classic = fakeMembers('Stable', 'cooperative-sticky', owned, {});
    expect(await describeGroup('billing')).toEqual({
      kind: 'classic',
      state: 'Stable',
      members: 2,
      assignedMembers: 1,
      assignor: 'cooperative-sticky',
      assignments: undefined,
    });
  });

  test('of KIP-848 is found although DescribeGroups calls it dead', async () => {
    become('billing', 'consumer', fakeMembers('Reconciling', 'uniform', owned, {}));
    expect(await describeGroup('billing')).toMatchObject({
      kind: 'consumer',
      state: 'Reconciling',
      members: 2,
      assignedMembers: 1,
    });
  });

  test('that nobody ever joined is simple: it has commits only', async () => {
    kafka.createGroup('billing');
    expect(await describeGroup('billing')).toMatchObject({ kind: 'simple', state: 'Empty' });
  });

  test('that does not exist is unknown', async () => {
    expect(await describeGroup('billing')).toBeUndefined();
  });

  test.for([[[]], [['share']], [['consumer', 'share']]] as const)(
    'that begins after its first reading is found, also where brokers have none of %j',
    async ([off]) => {
      for (const kind of off) kafka.switchedOff.add(kind);
      expect(await describeGroup('billing')).toBeUndefined();
      kafka.createGroup('billing').classic = fakeMembers('Stable', 'range', owned);
      clock.skip(30_000);
      expect(await describeGroup('billing')).toMatchObject({ kind: 'classic', state: 'Stable' });
    },
  );

  test('that may not be described does not spoil the offsets', async () => {
    kafka.createGroup('billing').classic = fakeMembers('Stable', 'range', owned);
    kafka.onRequest = ({ api }) => {
      if (api === 'DescribeGroups') throw new Error('denied');
    };
    expect(await ask('billing')).toMatchObject({ kind: 'observed', group: undefined });
  });

  test('tells who owns what only when asked', async () => {
    kafka.createGroup('billing').classic = fakeMembers('Stable', 'range', owned, {});
    expect(await describeGroup('billing')).toMatchObject({ assignments: undefined });
    const { assignments } = (await describeGroup('billing', { withMembers: true })) ?? {};
    expect(assignments).toEqual([
      {
        memberId: 'member-0',
        clientId: 'client',
        host: '/10.0.0.0',
        groupInstanceId: undefined,
        partitions: [{ topic: 'orders', partitions: [0, 1] }],
      },
      expect.objectContaining({ memberId: 'member-1', partitions: [] }),
    ]);
  });

  test('whose coordinator moved is described by the new one in the next tick', async () => {
    kafka.createGroup('billing').classic = fakeMembers('Stable', 'range', owned);
    await ask('billing');
    Object.assign(kafka.groups.get('billing') ?? {}, { coordinator: 3 });
    clock.skip(30_000);
    await ask('billing');
    clock.skip(5_000);
    expect(await describeGroup('billing')).toMatchObject({ state: 'Stable' });
  });
});

describe('a share group', () => {
  beforeEach(() => become('jobs', 'share'));

  test.for([
    ['with topics', { topics: ['orders'] }],
    ['without topics', { topics: [] }],
  ] as const)('is refused %s', async ([, change]) => {
    expect(await ask('jobs', change)).toMatchObject({
      kind: 'unavailable',
      reason: 'UnsupportedGroup',
      message: expect.stringContaining('jobs is a share group (KIP-932)'),
    });
  });

  test('stays refused while its coordinator gives no answer about it', async () => {
    await ask('jobs');
    clock.skip(60_000);
    kafka.onRequest = ({ api }) => {
      if (api === 'ShareGroupDescribe') throw new Error('busy');
    };
    expect(await ask('jobs')).toMatchObject({ reason: 'UnsupportedGroup' });
  });

  test('is asked for rarely, and seen when it has become a consumer group', async () => {
    await ask('jobs');
    kafka.takeRequests();
    await ticks(5, 5_000, ['jobs']);
    expect(described()).toEqual([]);
    become('jobs', 'consumer');
    clock.skip(5_000);
    expect(await ask('jobs')).toMatchObject({ kind: 'observed', group: { kind: 'consumer' } });
  });
});

describe('a group without topics of its own', () => {
  test('that does not exist says so', async () => {
    expect(await ask('typo', { topics: [] })).toMatchObject({
      reason: 'NoTopics',
      message: expect.stringContaining('group typo does not exist'),
    });
  });

  test('that exists without commits and partitions says that', async () => {
    kafka.createGroup('idle').classic = fakeMembers('Stable', 'range', {});
    expect(await ask('idle', { topics: [] })).toMatchObject({
      reason: 'NoTopics',
      message: expect.stringContaining('group idle has neither commits nor assignments'),
    });
  });
});

/** Reads these groups so many times, each time after the interval. */
async function ticks(count: number, intervalMs: number, groups: readonly string[]): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    clock.skip(intervalMs);
    await Promise.all(groups.map((group) => ask(group)));
  }
}

describe('requests', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `g${i}`);
  const tick = (groups: readonly string[]) => Promise.all(groups.map((group) => ask(group)));

  test.for([
    ['of classic groups', 'classic', 'DescribeGroups'],
    ['of KIP-848 groups', 'consumer', 'ConsumerGroupDescribe'],
  ] as const)('%s are one per coordinator in every second tick', async ([, kind, api]) => {
    const groups = many(30);
    for (const [i, group] of groups.entries()) {
      kafka.createGroup(group, (i % 3) + 1);
      if (kind === 'consumer') become(group, kind);
    }
    await tick(groups);
    kafka.takeRequests();
    await ticks(4, 5_000, groups);
    expect(described()).toEqual([1, 1, 2, 2, 3, 3].map((broker) => `${api}@${broker}`));
  });

  test('of polls every second are made every five seconds', async () => {
    kafka.createGroup('billing');
    await ask('billing');
    kafka.takeRequests();
    await ticks(10, 1_000, ['billing']);
    expect(described()).toHaveLength(2);
  });

  test('of slow polls are made at each: a description is never older than half a minute', async () => {
    kafka.createGroup('billing');
    await ask('billing');
    kafka.takeRequests();
    await ticks(3, 60_000, ['billing']);
    expect(described()).toHaveLength(3);
  });

  test('two scalers of one group count as one tick', async () => {
    kafka.createGroup('billing');
    const both = () => Promise.all([ask('billing', {}, 'a'), ask('billing', {}, 'b')]);
    await both();
    kafka.takeRequests();
    clock.skip(5_000);
    await both();
    expect(described()).toEqual([]);
    clock.skip(5_000);
    await both();
    expect(described()).toEqual(['DescribeGroups@1']);
  });

  test('of groups that began in different ticks fall into one tick by and by', async () => {
    for (const group of ['a', 'b']) kafka.createGroup(group);
    await ask('a');
    await ticks(1, 5_000, ['a', 'b']);
    kafka.takeRequests();
    await ticks(4, 5_000, ['a', 'b']);
    expect(described()).toEqual(['DescribeGroups@1', 'DescribeGroups@1']);
  });

  test('hold at most 1,500 groups, and are not made larger in number by groups that need none yet', async () => {
    const groups = many(2_000);
    for (const group of groups) kafka.createGroup(group);
    await tick(groups);
    const sizes = () =>
      kafka.requests
        .splice(0)
        .flatMap((r) => (describing.test(`${r.api}@`) ? [r.items.length] : []));
    expect(sizes()).toEqual([1_500, 500]);
    clock.skip(5_000);
    await ask('g0');
    clock.skip(5_000);
    await ask('g0');
    expect(sizes()).toEqual([1_500]);
  });

  test('of a group that does not exist are one per kind that costs nothing beside others', async () => {
    kafka.createGroup('classic');
    kafka.createGroup('new');
    become('new', 'consumer');
    const groups = ['classic', 'new', 'typo'];
    await tick(groups);
    kafka.takeRequests();
    await ticks(4, 5_000, groups);
    expect(described()).toEqual([
      'ConsumerGroupDescribe@1',
      'ConsumerGroupDescribe@1',
      'DescribeGroups@1',
      'DescribeGroups@1',
    ]);
  });

  test('find every kind within half a minute when it comes into being', async () => {
    await ask('jobs');
    become('jobs', 'consumer');
    await ticks(2, 5_000, ['jobs']);
    expect(await describeGroup('jobs')).toMatchObject({ kind: 'consumer' });
    become('jobs', 'share');
    await ticks(2, 5_000, ['jobs']);
    expect(await ask('jobs')).toMatchObject({ reason: 'UnsupportedGroup' });
    kafka.groups.delete('jobs');
    await ticks(7, 5_000, ['jobs']);
    become('jobs', 'share');
    await ticks(6, 5_000, ['jobs']);
    expect(await ask('jobs')).toMatchObject({ reason: 'UnsupportedGroup' });
  });
});
