import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OffsetReading } from '../autoscaler/types.ts';
import type { KafkaConnection, LagRequest, LagSource } from '../controller/ports.ts';
import { FakeKafka, fakeMembers, SkippingClock } from './fakes.ts';
import { createLagSource } from './lag-source.ts';

const connection: KafkaConnection = {
  bootstrapServers: ['kafka:1', 'kafka:2', 'kafka:3'],
  tls: undefined,
  sasl: undefined,
};
const never = new AbortController().signal;
const readTimeoutMs = 600;
const requestTimeoutMs = 200; // longer than the grace of 100

let kafka: FakeKafka;
let clock: SkippingClock;
let source: LagSource;
let connects: number;

beforeEach(() => {
  kafka = new FakeKafka(3, requestTimeoutMs);
  clock = new SkippingClock();
  connects = 0;
  source = createLagSource({
    clock,
    readTimeoutMs,
    connect: () => {
      connects += 1;
      return kafka.transport();
    },
  });
});
afterEach(() => source.close());

function ask(group: string, change: Partial<LagRequest> = {}, owner = 'shop/orders') {
  const request: LagRequest = {
    connection,
    group,
    topics: ['orders'],
    partitions: undefined,
    isolationLevel: 'read_uncommitted',
    ...change,
  };
  return source.read(owner, request, never);
}

/** `topic/partition committed..end from logStart`, or the reason. */
function told(reading: OffsetReading): readonly string[] | string {
  if (reading.kind === 'unavailable') return reading.reason;
  return reading.partitions.map(
    (p) => `${p.topic}/${p.partition} ${p.committed}..${p.end ?? '?'} from ${p.logStart ?? '?'}`,
  );
}

describe('a reading', () => {
  test('holds every partition in order, and tells none, zero and a commit apart', async () => {
    const [, second] = kafka.createTopic('orders', [10n, 20n, 30n]);
    if (second) second.logStart = 7n;
    kafka.commit('billing', 'orders', { 0: 4n, 1: 0n });

    expect(told(await ask('billing'))).toEqual([
      'orders/0 4..10 from 0',
      'orders/1 0..20 from 7',
      'orders/2 none..30 from 0',
    ]);
  });

  test('of a group nobody has heard of is complete: it never committed', async () => {
    kafka.createTopic('orders', [10n]);
    expect(told(await ask('new'))).toEqual(['orders/0 none..10 from 0']);
  });

  test('with read_committed ends at the last stable offset', async () => {
    const [partition] = kafka.createTopic('orders', [10n]);
    if (partition) partition.lastStable = 6n;
    const [committed, uncommitted] = await Promise.all([
      ask('billing', { isolationLevel: 'read_committed' }),
      ask('billing', {}, 'shop/other'),
    ]);
    expect(told(committed)).toEqual(['orders/0 none..6 from 0']);
    expect(told(uncommitted)).toEqual(['orders/0 none..10 from 0']);
  });

  test('fetches commits before ends, so that a commit in between is not a negative lag', async () => {
    const [partition] = kafka.createTopic('orders', [10n]);
    kafka.commit('billing', 'orders', { 0: 10n });
    kafka.onRequest = ({ api }) => {
      if (api !== 'ListOffsets' || !partition) return;
      partition.end = 12n;
      kafka.commit('billing', 'orders', { 0: 12n });
    };
    expect(told(await ask('billing'))).toEqual(['orders/0 10..12 from 0']);
  });

  test('of some partitions only leaves the others out', async () => {
    kafka.createTopic('orders', [10n, 20n, 30n]);
    expect(told(await ask('billing', { partitions: [2, 0] }))).toEqual([
      'orders/2 none..30 from 0',
      'orders/0 none..10 from 0',
    ]);
  });

  test('of a partition that does not exist names it', async () => {
    kafka.createTopic('orders', [10n, 20n]);
    expect(await ask('billing', { partitions: [1, 9] })).toMatchObject({
      reason: 'TopicNotFound',
      message: expect.stringContaining('has 2 partitions, but spec.consumer.partitions names 9'),
    });
  });

  test('of a partition that is new finds it at once', async () => {
    kafka.createTopic('orders', [10n]);
    await ask('billing');
    kafka.grow('orders', 5n);
    expect(told(await ask('billing', { partitions: [1] }))).toEqual(['orders/1 none..5 from 0']);
  });
});

describe('without topics', () => {
  test('the topics come from commits and assignments, all their partitions', async () => {
    kafka.createTopic('orders', [10n, 20n]);
    kafka.createTopic('refunds', [5n]);
    kafka.createTopic('others', [5n]);
    kafka.commit('billing', 'orders', { 1: 3n });
    const group = kafka.groups.get('billing');
    if (group) group.classic = fakeMembers('Stable', 'range', { refunds: [0] }, {});
    expect(told(await ask('billing', { topics: [] }))).toEqual([
      'orders/0 none..10 from 0',
      'orders/1 3..20 from 0',
      'refunds/0 none..5 from 0',
    ]);
  });

  test('a group with neither is not a group with all topics', async () => {
    kafka.createTopic('orders', [10n]);
    expect(told(await ask('new', { topics: [] }))).toBe('NoTopics');
  });
});

describe('requests', () => {
  test('of one tick are shared: one OffsetFetch per coordinator, one ListOffsets per leader', async () => {
    kafka.createTopic('orders', [1n, 2n, 3n]);
    kafka.createTopic('refunds', [1n, 2n, 3n]);
    for (let i = 0; i < 60; i += 1) kafka.createGroup(`g${i}`, (i % 3) + 1);
    const tick = () =>
      Promise.all(
        Array.from({ length: 60 }, (_, i) =>
          ask(`g${i}`, { topics: i % 2 ? ['orders'] : ['orders', 'refunds'] }, `shop/${i}`),
        ),
      );
    await tick();
    kafka.takeRequests();
    const readings = await tick();
    expect(readings.every((r) => r.kind === 'observed')).toBe(true);
    expect(kafka.takeRequests()).toEqual([
      'ListOffsets@1',
      'ListOffsets@2',
      'ListOffsets@3',
      'OffsetFetch@1',
      'OffsetFetch@2',
      'OffsetFetch@3',
    ]);
    expect(connects).toBe(1);
  });

  test('hold at most 1,500 groups', async () => {
    kafka.createTopic('orders', [1n]);
    for (let i = 0; i < 1_600; i += 1) kafka.createGroup(`g${i}`);
    await Promise.all(Array.from({ length: 1_600 }, (_, i) => ask(`g${i}`, {}, `shop/${i}`)));
    const fetches = kafka.requests.filter((r) => r.api === 'OffsetFetch');
    expect(fetches.map((r) => r.items.length)).toEqual([1_500, 100]);
  });

  test('for one group by two scalers with different topics name it once', async () => {
    kafka.createTopic('orders', [1n]);
    kafka.createTopic('refunds', [2n]);
    kafka.commit('billing', 'refunds', { 0: 2n });
    const [orders, refunds] = await Promise.all([
      ask('billing', { topics: ['orders'] }, 'shop/a'),
      ask('billing', { topics: ['refunds'] }, 'shop/b'),
    ]);
    expect(told(orders)).toEqual(['orders/0 none..1 from 0']);
    expect(told(refunds)).toEqual(['refunds/0 2..2 from 0']);
    const fetches = kafka.requests.filter((r) => r.api === 'OffsetFetch');
    expect(fetches.map((r) => r.items)).toEqual([['billing']]);
  });

  test('for isolation levels are two ListOffsets per leader, never more', async () => {
    kafka.createTopic('orders', [1n]);
    await ask('billing');
    kafka.takeRequests();
    await Promise.all([
      ask('a', { isolationLevel: 'read_committed' }, 'shop/a'),
      ask('b', { isolationLevel: 'read_uncommitted' }, 'shop/b'),
      ask('c', { isolationLevel: 'read_committed' }, 'shop/c'),
    ]);
    const lists = kafka.requests.filter((r) => r.api === 'ListOffsets');
    expect(lists.map((r) => r.detail).sort()).toEqual([
      'end read_committed',
      'end read_uncommitted',
    ]);
  });
});

describe('when Kafka changes', () => {
  test('a moved coordinator is found in the same tick', async () => {
    kafka.createTopic('orders', [10n]);
    kafka.commit('billing', 'orders', { 0: 4n });
    await ask('billing');
    Object.assign(kafka.groups.get('billing') ?? {}, { coordinator: 3 });
    expect(told(await ask('billing'))).toEqual(['orders/0 4..10 from 0']);
  });

  test('coordinators are looked up again every five minutes, all in one request', async () => {
    kafka.createTopic('orders', [10n]);
    const tick = async () => {
      kafka.takeRequests();
      await Promise.all(['a', 'b', 'c'].map((group) => ask(group, {}, `shop/${group}`)));
      return kafka.takeRequests().filter((r) => r.startsWith('FindCoordinator'));
    };
    expect(await tick()).toHaveLength(1);
    clock.skip(299_000);
    expect(await tick()).toHaveLength(0);
    clock.skip(1_000);
    expect(await tick()).toHaveLength(1);
  });

  test('a moved leader is found in the same tick, asking again only for its partitions', async () => {
    const [first] = kafka.createTopic('orders', [10n, 20n, 30n]);
    await ask('billing');
    if (first) first.leader = 3;
    kafka.takeRequests();
    expect(told(await ask('billing'))).toEqual([
      'orders/0 none..10 from 0',
      'orders/1 none..20 from 0',
      'orders/2 none..30 from 0',
    ]);
    expect(kafka.takeRequests().filter((r) => r.startsWith('ListOffsets'))).toEqual([
      'ListOffsets@1',
      'ListOffsets@2',
      'ListOffsets@3',
      'ListOffsets@3',
    ]);
  });

  test('a leaderless partition is unknown, the others count, and it heals at the next tick', async () => {
    const [first] = kafka.createTopic('orders', [10n, 20n]);
    if (first) first.leader = -1;
    expect(told(await ask('billing'))).toEqual([
      'orders/0 none..? from ?',
      'orders/1 none..20 from 0',
    ]);
    if (first) first.leader = 2;
    expect(told(await ask('billing'))).toEqual([
      'orders/0 none..10 from 0',
      'orders/1 none..20 from 0',
    ]);
  });

  test('an error of one partition stays with it', async () => {
    const [first] = kafka.createTopic('orders', [10n, 20n]);
    if (first) first.errorCode = 56; // KAFKA_STORAGE_ERROR
    expect(told(await ask('billing'))).toEqual([
      'orders/0 none..? from ?',
      'orders/1 none..20 from 0',
    ]);
  });

  test.for([
    ['grown partitions are seen within half a minute', 0],
    ['and also when the wall clock is set back meanwhile', -3_600_000],
  ] as const)('%s', async ([, setMs]) => {
    kafka.createTopic('orders', [10n]);
    await ask('billing');
    kafka.grow('orders', 5n);
    clock.skip(30_000);
    clock.set(setMs);
    expect(told(await ask('billing'))).toEqual([
      'orders/0 none..10 from 0',
      'orders/1 none..5 from 0',
    ]);
  });

  test('from 20 s on metadata is read again beside the readings, once for all topics', async () => {
    const names = ['a', 'b', 'c'];
    for (const name of names) kafka.createTopic(name, [10n]);
    const tick = () => Promise.all(names.map((n) => ask(n, { topics: [n] }, `shop/${n}`)));
    const metadata = () => kafka.requests.splice(0).filter((r) => r.api === 'Metadata');
    await tick();
    metadata();
    for (const name of names) kafka.grow(name, 5n);
    clock.skip(20_000);
    expect((await tick()).map((r) => told(r).length)).toEqual([1, 1, 1]); // nobody waited
    await expect.poll(async () => (await tick()).map((r) => told(r).length)).toEqual([2, 2, 2]);
    expect(metadata().map((r) => [...r.items].sort())).toEqual([names]);
  });

  test('a deleted topic is not found in the same tick, and found again when it is back', async () => {
    kafka.createTopic('orders', [10n]);
    await ask('billing');
    kafka.topics.delete('orders');
    expect(told(await ask('billing'))).toBe('TopicNotFound');
    kafka.createTopic('orders', [0n]);
    expect(told(await ask('billing'))).toEqual(['orders/0 none..0 from 0']);
  });

  test('a topic whose metadata is not there yet has not zero partitions', async () => {
    kafka.createTopic('orders', [10n]);
    Object.assign(kafka.topics.get('orders') ?? {}, { errorCode: 5 });
    expect(told(await ask('billing'))).toBe('LagUnknown');
  });

  test('the log start is read again after half a minute, and not before', async () => {
    const [first] = kafka.createTopic('orders', [10n]);
    await ask('billing');
    if (first) first.logStart = 4n;
    expect(told(await ask('billing'))).toEqual(['orders/0 none..10 from 0']);
    clock.skip(29_000);
    expect(told(await ask('billing'))).toEqual(['orders/0 none..10 from 0']);
    clock.skip(1_000);
    expect(told(await ask('billing'))).toEqual(['orders/0 none..10 from 4']);
  });

  test('a topic created anew under the same leader is seen by an end before its first record', async () => {
    const [old] = kafka.createTopic('orders', [10n, 10n]);
    if (old) old.logStart = 8n;
    const before = await ask('billing');
    kafka.createTopic('orders', [3n, 10n]);
    const after = await ask('billing');
    expect(told(after)).toEqual(['orders/0 none..3 from 0', 'orders/1 none..10 from 0']);
    const idOf = (r: OffsetReading) => r.kind === 'observed' && r.partitions[0]?.topicId;
    expect(idOf(after)).not.toBe(idOf(before));
  });

  test('a leader that is no longer among the brokers is looked up again in the same tick', async () => {
    const [first] = kafka.createTopic('orders', [10n, 20n]);
    for (const group of ['billing', 'another']) kafka.createGroup(group, 2);
    await ask('billing');
    if (first) first.leader = 2;
    kafka.health.delete(1);
    kafka.createTopic('other', [1n]);
    await ask('another', { topics: ['other'] }, 'shop/other'); // brings the new list of brokers
    expect(told(await ask('billing'))).toEqual([
      'orders/0 none..10 from 0',
      'orders/1 none..20 from 0',
    ]);
  });

  test('a topic created anew does not keep the log start of the old one', async () => {
    const [old] = kafka.createTopic('orders', [10n]);
    if (old) old.logStart = 4n;
    await ask('billing');
    const [anew] = kafka.createTopic('orders', [3n]);
    if (anew) anew.leader = 2;
    expect(told(await ask('billing'))).toEqual(['orders/0 none..3 from 0']);
  });

  test.for([
    ['an ACL on the group', 30, 'AuthorizationFailed'],
    ['a group id the broker refuses', 24, 'LagUnknown'],
    ['a coordinator that keeps loading', 14, 'LagUnknown'],
  ] as const)('%s is told as such', async ([, errorCode, reason]) => {
    kafka.createTopic('orders', [10n]);
    Object.assign(kafka.createGroup('billing'), { errorCode });
    expect(told(await ask('billing'))).toBe(reason);
    expect(told(await ask('other', {}, 'shop/b'))).toEqual(['orders/0 none..10 from 0']);
  });

  test('an ACL on a topic is told as such', async () => {
    kafka.createTopic('orders', [10n]);
    Object.assign(kafka.topics.get('orders') ?? {}, { errorCode: 29 });
    expect(await ask('billing')).toMatchObject({
      reason: 'AuthorizationFailed',
      message: expect.stringContaining('allow the operation Describe on the topic'),
    });
  });
});

describe('sessions', () => {
  const other: KafkaConnection = {
    ...connection,
    sasl: { mechanism: 'PLAIN', username: 'a', password: 'b' },
  };
  const same: KafkaConnection = {
    ...connection,
    bootstrapServers: ['kafka:3', 'kafka:2', 'kafka:1'],
  };

  test('are shared by equal connections and closed when the last owner goes', async () => {
    kafka.createTopic('orders', [10n]);
    await ask('g', {}, 'shop/a');
    await ask('g', { connection: same }, 'shop/b');
    expect(connects).toBe(1);
    source.release('shop/a');
    source.release('shop/a');
    source.release('shop/never-read');
    expect(kafka.closed).toBe(0);
    source.release('shop/b');
    await expect.poll(() => kafka.closed).toBe(1);
  });

  test('change with the credentials of their owner', async () => {
    kafka.createTopic('orders', [10n]);
    await ask('g');
    await ask('g', { connection: other });
    await expect.poll(() => [connects, kafka.closed]).toEqual([2, 1]);
  });

  test('of old credentials serve the reads under way to their end, beside the new ones', async () => {
    kafka.createTopic('orders', [10n]);
    await ask('g', {}, 'shop/a');
    const { promise, resolve: release } = Promise.withResolvers<void>();
    kafka.released = promise;
    kafka.holds = ({ api }) => api === 'OffsetFetch';
    const before = ask('g', {}, 'shop/a');
    await expect.poll(() => kafka.requests.filter((r) => r.api === 'OffsetFetch').length).toBe(2);
    kafka.holds = () => false;

    expect(told(await ask('g', { connection: other }, 'shop/a'))).toHaveLength(1);
    expect(kafka.closed).toBe(0);
    release();
    expect(told(await before)).toHaveLength(1);
    await expect.poll(() => kafka.closed).toBe(1);
  });

  test('that are all closed end the reads under way', async () => {
    for (const id of [1, 2, 3]) kafka.health.set(id, 'silent');
    const reading = ask('g');
    source.release('shop/orders');
    await source.close();
    expect(told(await reading)).toBe('LagUnknown');
  });

  test('are over after close', async () => {
    await source.close();
    expect(told(await ask('g'))).toBe('LagUnknown');
    expect(connects).toBe(0);
  });
});

describe('a read never rejects', () => {
  test.for([
    ['when cancelled before', true],
    ['when cancelled in the middle', false],
  ] as const)('%s', async ([, before]) => {
    for (const id of [1, 2, 3]) kafka.health.set(id, 'silent');
    const abort = new AbortController();
    if (before) abort.abort();
    const request: LagRequest = {
      connection,
      group: 'g',
      topics: ['orders'],
      partitions: undefined,
      isolationLevel: 'read_committed',
    };
    const reading = source.read('shop/orders', request, abort.signal);
    abort.abort();
    expect(await reading).toMatchObject({ kind: 'unavailable', reason: 'LagUnknown' });
  });

  test.for([
    ['no port', 'kafka'],
    ['a port out of range', 'kafka:70000'],
    ['an IPv6 address without brackets', '::1:9092'],
  ])('for a server with %s', async ([, server]) => {
    const wrong = { ...connection, bootstrapServers: [server ?? ''] };
    expect(await ask('g', { connection: wrong })).toMatchObject({
      reason: 'InvalidSpec',
      message: expect.stringContaining('spec.kafka.bootstrapServers'),
    });
  });
});

test('outcomes and requests are reported to the metrics', async () => {
  const outcomes: string[] = [];
  const measured = createLagSource({
    connect: () => kafka.transport(),
    onRead: ({ outcome }) => outcomes.push(outcome),
  });
  const [first] = kafka.createTopic('orders', [10n, 20n]);
  const read = (topics: readonly string[]) =>
    measured.read(
      'shop/a',
      { connection, group: 'g', topics, partitions: undefined, isolationLevel: 'read_committed' },
      never,
    );
  await read(['orders']);
  await read(['missing']);
  if (first) first.errorCode = 56;
  await read(['orders']);
  await measured.close();
  expect(outcomes).toEqual(['observed', 'unavailable', 'incomplete']);
});

describe('the timestamp of a record', () => {
  const timestampOf = (topic: string, partition: number, offset: bigint) =>
    source.timestampOf('shop/orders', { connection, topic, partition, offset }, never);

  test('is asked of the leader, one request for all that are asked for together', async () => {
    kafka.createTopic('orders', [10n, 20n, 30n]);
    await ask('billing');
    kafka.takeRequests();
    const found = await Promise.all([
      timestampOf('orders', 0, 4n),
      timestampOf('orders', 1, 7n),
      timestampOf('orders', 1, 7n),
    ]);
    expect(found).toEqual([4_000, 7_000, 7_000]);
    expect(kafka.takeRequests()).toEqual(['Fetch@1', 'Fetch@2']);
  });

  test('of two offsets of one partition comes one at a time, each in its turn', async () => {
    kafka.createTopic('orders', [10n]);
    await ask('billing');
    const both = () => Promise.all([timestampOf('orders', 0, 4n), timestampOf('orders', 0, 5n)]);
    const found = [await both(), await both()].flat();
    expect(found.filter((t) => t !== undefined).sort()).toEqual([4_000, 5_000]);
  });

  test('is found again when the leader moves', async () => {
    const [first] = kafka.createTopic('orders', [10n]);
    await ask('billing');
    if (first) first.leader = 3;
    expect(await timestampOf('orders', 0, 4n)).toBeUndefined();
    expect(await timestampOf('orders', 0, 4n)).toBe(4_000);
  });

  test.for<[string, () => void]>([
    ['that does not fit into an answer', () => kafka.oversized.add('orders/0')],
    [
      'that may not be read',
      () => {
        const partition = kafka.topics.get('orders')?.partitions[0];
        if (partition) partition.errorCode = 29;
      },
    ],
    ['of a broker that is down', () => kafka.health.set(1, 'refusing')],
  ])('%s is unknown, and spoils nothing', async ([, change]) => {
    kafka.createTopic('orders', [10n]);
    await ask('billing');
    change();
    expect(await timestampOf('orders', 0, 4n)).toBeUndefined();
  });

  test('is unknown to who has not read with this connection', async () => {
    kafka.createTopic('orders', [10n]);
    expect(await timestampOf('orders', 0, 4n)).toBeUndefined();
    expect(connects).toBe(0);
  });
});
