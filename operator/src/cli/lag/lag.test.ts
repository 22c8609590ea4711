import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LagSource } from '../../controller/ports.ts';
import { FakeKafka, fakeMembers, SkippingClock } from '../../kafka/fakes.ts';
import { createLagSource, type GroupLister } from '../../kafka/lag-source.ts';
import { toJson } from './json.ts';
import { type LagReport, owner, readLagOf, type TimestampOf } from './lag.ts';
import type { LagOptions } from './options.ts';
import { toNotes, toTable } from './table.ts';
import { recordTimestamps } from './timestamps.ts';
import { tell } from './trouble.ts';

let kafka: FakeKafka;
let clock: SkippingClock;
let source: LagSource & GroupLister;
let timestampOf: TimestampOf;

beforeEach(() => {
  kafka = new FakeKafka(3);
  clock = new SkippingClock();
  timestampOf = async () => undefined;
  source = createLagSource({ clock, readTimeoutMs: 600, connect: () => kafka.transport() });
});
afterEach(() => source.close());

const options: LagOptions = {
  connection: { bootstrapServers: ['kafka:1'], tls: undefined, sasl: undefined },
  groups: ['billing'],
  topics: [],
  isolationLevel: 'read_uncommitted',
  output: 'table',
  sampleMs: 0,
  timeoutMs: 600,
};
const read = (change: Partial<LagOptions> = {}) =>
  readLagOf({ ...options, ...change }, { source, timestampOf });

/** The lines of the table without padding and without the names. */
const rowsIn = ({ groups }: LagReport) =>
  toTable(groups)
    .split('\n')
    .slice(1, -1)
    .map((line) => line.replaceAll(/ +/g, ' ').trim());

const troublesOf = (report: LagReport) => report.groups.map((g) => g.trouble?.reason);

describe('rows', () => {
  test('are what is committed or owned: members with more partitions first, the rest at the end', async () => {
    kafka.createTopic('orders', [10n, 20n, 30n, 40n]);
    kafka.createTopic('refunds', [5n]);
    kafka.commit('billing', 'orders', { 0: 4n, 1: 20n, 3: 40n });
    const group = kafka.groups.get('billing');
    const members = fakeMembers(
      'Stable',
      'range',
      { orders: [0] },
      {},
      { refunds: [0], orders: [2, 1] },
    );
    if (group) group.classic = members;

    expect(rowsIn(await read())).toEqual([
      'billing orders 1 20 20 0 member-2 /10.0.0.2 client 0 -',
      'billing orders 2 - 30 - member-2 /10.0.0.2 client - -',
      'billing refunds 0 - 5 - member-2 /10.0.0.2 client - -',
      'billing orders 0 4 10 6 member-0 /10.0.0.0 client - -',
      'billing orders 3 40 40 0 - - - 0 -',
    ]);
  });

  test('have the lag of the Java tool: also of deleted records, and negative', async () => {
    const [first] = kafka.createTopic('orders', [10n, 10n]);
    if (first) first.logStart = 8n;
    kafka.commit('billing', 'orders', { 0: 2n, 1: 50n });
    expect(rowsIn(await read())).toEqual([
      'billing orders 0 2 10 8 - - - - -',
      'billing orders 1 50 10 -40 - - - 0 -',
    ]);
  });

  test('can be those of some topics only', async () => {
    for (const topic of ['a', 'b']) kafka.createTopic(topic, [1n]);
    for (const topic of ['a', 'b']) kafka.commit('billing', topic, { 0: 1n });
    expect(rowsIn(await read({ topics: ['b'] }))).toEqual(['billing b 0 1 1 0 - - - 0 -']);
  });

  test('that cannot be read have dashes, and are trouble', async () => {
    const [first] = kafka.createTopic('orders', [10n, 20n]);
    if (first) first.leader = -1;
    kafka.commit('billing', 'orders', { 0: 1n, 1: 2n });
    const report = await read();
    expect(rowsIn(report)).toEqual([
      'billing orders 0 1 - - - - - - -',
      'billing orders 1 2 20 18 - - - - -',
    ]);
    expect(report.groups[0]?.trouble).toMatchObject({
      reason: 'LagIncomplete',
      message: expect.stringContaining('1 of 2 partitions could not be read: orders/0:'),
    });
  });
});

describe('two readings', () => {
  test('tell how fast records arrive, and how old the first unread one is', async () => {
    const [partition] = kafka.createTopic('orders', [100n]);
    kafka.commit('billing', 'orders', { 0: 100n });
    let commits = 0;
    kafka.onRequest = ({ api }) => {
      if (api !== 'OffsetFetch') return;
      commits += 1;
      if (commits !== 2 || !partition) return;
      clock.skip(10_000);
      partition.end = 200n;
      kafka.commit('billing', 'orders', { 0: 150n });
    };
    const { groups } = await read({ sampleMs: 1 });
    const [row] = groups[0]?.rows ?? [];
    expect(row?.lag).toBe(50n);
    expect(row?.arrivalRate).toBeCloseTo(10, 0);
    expect(row?.behindSeconds).toBeCloseTo(5, 0);
  });

  test('of which the second fails leave the rows of the first, and the trouble', async () => {
    kafka.createTopic('orders', [10n]);
    kafka.commit('billing', 'orders', { 0: 4n });
    kafka.onRequest = ({ api }) => {
      const fetched = kafka.requests.filter((r) => r.api === 'OffsetFetch').length;
      if (api === 'OffsetFetch' && fetched > 1) kafka.health.set(1, 'refusing');
    };
    const report = await read({ sampleMs: 1 });
    expect(rowsIn(report)).toEqual(['billing orders 0 4 10 6 - - - - -']);
    expect(troublesOf(report)).toEqual(['KafkaUnreachable']);
  });

  test('are not made of a cluster that cannot be reached', async () => {
    for (const broker of [1, 2, 3]) kafka.health.set(broker, 'refusing');
    const report = await read({ sampleMs: 60_000 });
    expect(troublesOf(report)).toEqual(['KafkaUnreachable']);
  });
});

test('the time of a record is asked for where nothing else tells, at the first that still exists', async () => {
  const [, second] = kafka.createTopic('orders', [10n, 10n, 10n]);
  if (second) second.logStart = 5n;
  kafka.commit('billing', 'orders', { 0: 4n, 1: 2n, 2: 10n });
  const asked: string[] = [];
  timestampOf = async (topic, partition, offset) => {
    asked.push(`${topic}/${partition} ${offset}`);
    return clock.now() - 60_000;
  };
  const { groups } = await read();
  expect(asked).toEqual(['orders/0 4', 'orders/1 5']);
  expect(groups[0]?.rows.map((row) => Math.round(row.behindSeconds ?? -1))).toEqual([60, 60, 0]);
});

test('records that do not fit into one answer of a broker are asked for again while that helps', async () => {
  kafka.createTopic('orders', [10n, 10n, 10n, 10n]);
  kafka.commit('billing', 'orders', { 0: 4n, 1: 5n, 3: 6n });
  await read();
  kafka.oversized.add('orders/3').add('orders/1');
  kafka.onRequest = ({ api, items }) => {
    if (api === 'Fetch' && items.includes('orders/3')) kafka.oversized.delete('orders/3');
  };
  timestampOf = recordTimestamps(source, owner, { ...options, timeoutMs: 60_000 });
  const { groups } = await read();
  expect(groups[0]?.rows.map((row) => row.behindSeconds !== undefined)).toEqual([
    true,
    false,
    true,
  ]);
  const fetches = kafka.requests.filter((r) => r.api === 'Fetch').map((r) => r.items);
  expect(fetches.length).toBeLessThan(6);
});

test('of no more than 500 records the brokers are asked for the time', async () => {
  const asked: number[] = [];
  const timestampOf = async (_: string, { partition }: { readonly partition: number }) =>
    asked.push(partition);
  const timeOf = recordTimestamps({ timestampOf }, owner, options);
  const times = await Promise.all(Array.from({ length: 510 }, (_, p) => timeOf('orders', p, 1n)));
  expect(times.filter((time) => time === undefined)).toHaveLength(10);
  expect(asked).toHaveLength(500);
});

describe('all groups', () => {
  test('are those that commit: no share group, none of Connect', async () => {
    kafka.createTopic('orders', [1n]);
    for (const group of ['b', 'a', 'jobs', 'connect']) kafka.commit(group, 'orders', { 0: 1n });
    const [jobs, connect] = [kafka.groups.get('jobs'), kafka.groups.get('connect')];
    Object.assign(jobs ?? {}, {
      classic: undefined,
      share: { ...fakeMembers('Empty', undefined), protocolType: 'share' },
    });
    Object.assign(connect?.classic ?? {}, { protocolType: 'connect' });
    const { groups } = await read({ groups: undefined });
    expect(groups.map(({ group }) => group)).toEqual(['a', 'b']);
  });

  test('are shown without a word about those that have nothing to show', async () => {
    kafka.createGroup('idle').classic = fakeMembers('Stable', 'range', {});
    expect(troublesOf(await read({ groups: undefined }))).toEqual([undefined]);
    expect(troublesOf(await read({ groups: ['idle'] }))).toEqual(['NoTopics']);
  });

  test('of brokers that answer are shown, and the other broker is named', async () => {
    kafka.createTopic('orders', [1n]);
    kafka.createGroup('a', 1);
    kafka.createGroup('b', 2);
    for (const group of ['a', 'b']) kafka.commit(group, 'orders', { 0: 1n });
    kafka.health.set(2, 'refusing');
    const report = await read({ groups: undefined });
    expect(rowsIn(report)).toEqual(['a orders 0 1 1 0 - - - 0 -']);
    expect(report.troubles).toEqual([
      { reason: 'KafkaUnreachable', message: 'kafka:2: ListGroups: refusing' },
    ]);
  });
});

test('the state of a group is noted in the words of the Java tool', async () => {
  kafka.createTopic('orders', [1n]);
  for (const group of ['empty', 'moving', 'stable']) kafka.commit(group, 'orders', { 0: 1n });
  const become = (group: string, state: string) =>
    Object.assign(kafka.groups.get(group) ?? {}, {
      classic: fakeMembers(state, 'range', { orders: [0] }),
    });
  become('moving', 'PreparingRebalance');
  become('stable', 'Stable');
  const { groups } = await read({ groups: ['empty', 'moving', 'stable'] });
  expect(toNotes(groups)).toEqual([
    "Consumer group 'empty' has no active members.",
    "Warning: Consumer group 'moving' is rebalancing.",
  ]);
});

test('as JSON, what is unknown is null and offsets are text', async () => {
  kafka.createTopic('orders', [2n ** 60n, 1n]);
  const group = kafka.createGroup('billing');
  group.classic = fakeMembers('Stable', 'range', { orders: [1] });
  kafka.commit('billing', 'orders', { 0: 1n });
  const [billing] = JSON.parse(toJson(await read())).groups;
  expect(billing).toMatchObject({
    group: 'billing',
    kind: 'classic',
    state: 'Stable',
    assignor: 'range',
    members: 1,
    assignedMembers: 1,
    error: null,
  });
  expect(billing.partitions).toEqual([
    {
      topic: 'orders',
      partition: 1,
      currentOffset: null,
      neverCommitted: true,
      logStartOffset: '0',
      logEndOffset: '1',
      lag: null,
      consumerId: 'member-0',
      host: '/10.0.0.0',
      clientId: 'client',
      groupInstanceId: null,
      behindSeconds: null,
      arrivalRate: null,
    },
    expect.objectContaining({
      partition: 0,
      currentOffset: '1',
      neverCommitted: false,
      logEndOffset: '1152921504606846976',
      lag: '1152921504606846975',
      consumerId: null,
    }),
  ]);
});

test('the same trouble is told once, and what to do once', () => {
  const down = { reason: 'KafkaUnreachable', message: 'kafka:1: connect: TCP: refused' } as const;
  const lines = tell([
    { ...down, group: 'a' },
    { ...down, group: 'b' },
    { reason: 'NoTopics', message: 'nothing', group: 'c' },
  ]);
  expect(lines).toEqual([
    'lagscaler: group a and 1 more: KafkaUnreachable: kafka:1: connect: TCP: refused',
    'lagscaler: group c: NoTopics: nothing',
    'lagscaler: check --bootstrap, and security.protocol in the file of --config',
    'lagscaler: names of groups are case-sensitive; --all shows those that have something to show',
  ]);
});
