import { CompressionTypes, Kafka, logLevel, type Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OffsetReading } from '../../operator/src/autoscaler/types.ts';
import type { LagRequest, LagSource } from '../../operator/src/controller/ports.ts';
import { createLagSource } from '../../operator/src/kafka/lag-source.ts';
import { suiteCluster } from '../suite.ts';

/** The reading of real brokers, compared with what a client of another make says. */

const never = new AbortController().signal;
const run = Date.now().toString(36);
let names = 0;
const unique = (what: string) => `${what}-${run}-${names++}`;

const { cluster } = await suiteCluster();
const brokers = [...cluster.bootstrapServers];
const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 10 } });
const admin = kafka.admin();
let producer: Producer;
let source: LagSource;
let requests: string[];

beforeAll(async () => {
  requests = [];
  source = createLagSource({ onRequest: (api) => requests.push(api) });
  producer = kafka.producer({ idempotent: true });
  await Promise.all([admin.connect(), producer.connect()]);
});
afterAll(async () => {
  await source.close();
  await Promise.all([admin.disconnect(), producer.disconnect()]);
});

/** A topic with so many records in each of its partitions. */
async function createTopic(...records: readonly number[]): Promise<string> {
  const topic = unique('topic');
  await admin.createTopics({
    waitForLeaders: true,
    topics: [{ topic, numPartitions: records.length }],
  });
  for (const [partition, count] of records.entries()) await produce(topic, partition, count);
  return topic;
}

async function produce(topic: string, partition: number, count: number): Promise<void> {
  if (count === 0) return;
  const messages = Array.from({ length: count }, (_, i) => ({ value: `${i}`, partition }));
  await producer.send({ topic, messages });
}

const commit = (groupId: string, topic: string, offsets: Readonly<Record<number, number>>) =>
  admin.setOffsets({
    groupId,
    topic,
    partitions: Object.entries(offsets).map(([partition, offset]) => ({
      partition: Number(partition),
      offset: String(offset),
    })),
  });

const connectionTo = () => ({ bootstrapServers: brokers, tls: undefined, sasl: undefined });

function read(group: string, change: Partial<LagRequest> = {}, owner = group) {
  const request: LagRequest = {
    connection: connectionTo(),
    group,
    topics: [],
    partitions: undefined,
    isolationLevel: 'read_uncommitted',
    ...change,
  };
  return source.read(owner, request, never);
}

/** `partition committed..end from logStart`, or the reason. */
function told(reading: OffsetReading): readonly string[] | string {
  if (reading.kind === 'unavailable') return reading.reason;
  return reading.partitions.map(
    (p) => `${p.partition} ${p.committed}..${p.end ?? '?'} from ${p.logStart ?? '?'}`,
  );
}

/** The same through kafkajs, one call after the other (traps K1). */
async function toldByKafkajs(groupId: string, topic: string): Promise<readonly string[]> {
  const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const ends = await admin.fetchTopicOffsets(topic);
  return ends
    .map(({ partition, high, low }) => {
      const offset = committed?.partitions.find((p) => p.partition === partition)?.offset;
      return `${partition} ${offset === '-1' ? 'none' : offset}..${high} from ${low}`;
    })
    .sort();
}

test('offsets are those that kafkajs sees: behind, up to date, never committed', async () => {
  const topic = await createTopic(10, 20, 30, 0);
  const group = unique('group');
  await commit(group, topic, { 0: 3, 1: 20 });

  const reading = await read(group, { topics: [topic] });
  expect(told(reading)).toEqual([
    '0 3..10 from 0',
    '1 20..20 from 0',
    '2 none..30 from 0',
    '3 none..0 from 0',
  ]);
  expect(told(reading)).toEqual(await toldByKafkajs(group, topic));
  expect(reading).toMatchObject({ group: { state: 'Empty', members: 0, assignor: undefined } });
});

test('a group that does not exist never committed', async () => {
  const topic = await createTopic(5);
  expect(told(await read(unique('group'), { topics: [topic] }))).toEqual(['0 none..5 from 0']);
});

test('records deleted by retention are seen in the log start', async () => {
  const topic = await createTopic(10);
  const group = unique('group');
  await commit(group, topic, { 0: 2 });
  expect(told(await read(group, { topics: [topic] }))).toEqual(['0 2..10 from 0']);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '6' }] });
  await expect
    .poll(async () => told(await read(group, { topics: [topic] })), {
      timeout: 45_000, // log starts are read again every 30 s
      interval: 1_000,
    })
    .toEqual(['0 2..10 from 6']);
  expect(await toldByKafkajs(group, topic)).toEqual(['0 2..10 from 6']);
});

test('records in an open transaction are behind the last stable offset', async () => {
  const topic = await createTopic(6);
  const transactional = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    transactionalId: unique('tx'),
  });
  await transactional.connect();
  const transaction = await transactional.transaction();
  await transaction.send({ topic, messages: Array.from({ length: 7 }, () => ({ value: 'x' })) });
  const group = unique('group');
  const ends = async () => {
    const [committed, uncommitted] = await Promise.all([
      read(group, { topics: [topic], isolationLevel: 'read_committed' }, 'committed'),
      read(group, { topics: [topic] }, 'uncommitted'),
    ]);
    return [told(committed), told(uncommitted)];
  };
  expect(await ends()).toEqual([['0 none..6 from 0'], ['0 none..13 from 0']]);
  await transaction.commit();
  // The commit marker takes an offset too.
  await expect.poll(ends).toEqual([['0 none..14 from 0'], ['0 none..14 from 0']]);
  await transactional.disconnect();
});

test.for([
  ['plain', CompressionTypes.None],
  ['compressed', CompressionTypes.GZIP],
] as const)('the timestamp of a record is that of its producer: %s', async ([, compression]) => {
  const topic = await createTopic(0);
  const writtenAt = Date.now() - 3_600_000;
  const batch = (from: number, count: number) => ({
    topic,
    compression,
    messages: Array.from({ length: count }, (_, i) => ({
      value: 'x'.repeat(100),
      timestamp: String(writtenAt + 1_000 * (from + i)),
    })),
  });
  await producer.send(batch(0, 1_000));
  await producer.send(batch(1_000, 10));
  const group = unique('group');
  await read(group, { topics: [topic] });
  const timestampOf = (offset: bigint) =>
    source.timestampOf(group, { connection: connectionTo(), topic, partition: 0, offset }, never);
  for (const offset of [0n, 1n, 500n, 999n, 1_000n, 1_009n]) {
    expect(await timestampOf(offset)).toBe(writtenAt + 1_000 * Number(offset));
  }
  expect(await timestampOf(1_010n)).toBeUndefined();
});

test('new partitions are seen within a minute', async () => {
  const topic = await createTopic(5);
  const group = unique('group');
  expect(told(await read(group, { topics: [topic] }))).toEqual(['0 none..5 from 0']);
  await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
  // kafkajs still believes in one partition: a fresh producer finds the others.
  const fresh = kafka.producer();
  await fresh.connect();
  await fresh.send({ topic, messages: [{ value: 'x', partition: 2 }] });
  await fresh.disconnect();
  await expect
    .poll(async () => told(await read(group, { topics: [topic] })), {
      timeout: 60_000,
      interval: 1_000,
    })
    .toEqual(['0 none..5 from 0', '1 none..0 from 0', '2 none..1 from 0']);
});

test('a deleted topic is not found, and no lookup ever creates one', async () => {
  // A kafkajs client that once knew a deleted topic fails for all topics ever after (traps K2).
  const own = kafka.admin();
  await own.connect();
  const topic = unique('topic');
  await own.createTopics({ waitForLeaders: true, topics: [{ topic }] });
  const group = unique('group');
  expect(told(await read(group, { topics: [topic] }))).toEqual(['0 none..0 from 0']);
  await own.deleteTopics({ topics: [topic] });
  await own.disconnect();
  await expect
    .poll(async () => told(await read(group, { topics: [topic] })), { timeout: 10_000 })
    .toBe('TopicNotFound');
  expect(await admin.listTopics()).not.toContain(topic);
});

test('a topic that is created again is another one, whose commits are gone', async () => {
  const topic = await createTopic(3);
  const group = unique('group');
  await commit(group, topic, { 0: 2 });
  const idOf = (reading: OffsetReading) =>
    reading.kind === 'observed' ? reading.partitions[0]?.topicId : undefined;
  const before = await read(group, { topics: [topic] });
  expect(told(before)).toEqual(['0 2..3 from 0']);
  await admin.deleteTopics({ topics: [topic] });
  await expect
    .poll(async () => told(await read(group, { topics: [topic] })), { timeout: 10_000 })
    .toBe('TopicNotFound');
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1 }] });
  await expect
    .poll(async () => told(await read(group, { topics: [topic] })), { timeout: 10_000 })
    .toEqual(['0 none..0 from 0']);
  const after = await read(group, { topics: [topic] });
  expect(idOf(after)).toBeDefined();
  expect(idOf(after)).not.toBe(idOf(before));
});

test('topics are discovered from commits and from assignments', async () => {
  const committed = await createTopic(4, 0);
  const assigned = await createTopic(3);
  const group = unique('group');
  expect(told(await read(group))).toBe('NoTopics');
  await commit(group, committed, { 0: 1 });
  expect(told(await read(group))).toEqual(['0 1..4 from 0', '1 none..0 from 0']);

  const consumer = kafka.consumer({ groupId: group });
  await consumer.connect();
  await consumer.subscribe({ topic: assigned });
  await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
  await expect
    .poll(async () => told(await read(group)), { timeout: 30_000, interval: 500 })
    .toHaveLength(3);
  expect(await read(group)).toMatchObject({
    group: { state: 'Stable', members: 1, assignor: 'RoundRobinAssigner' },
  });
  await consumer.disconnect();
});

test('a partition that does not exist is named', async () => {
  const topic = await createTopic(1, 2);
  const some = await read(unique('group'), { topics: [topic], partitions: [1] });
  expect(told(some)).toEqual(['1 none..2 from 0']);
  expect(await read(unique('group'), { topics: [topic], partitions: [0, 7] })).toMatchObject({
    reason: 'TopicNotFound',
    message: expect.stringContaining('has 2 partitions, but spec.consumer.partitions names 7'),
  });
});

test('groups read in one tick share their requests', async () => {
  const topic = await createTopic(1, 2, 3, 4, 5, 6);
  const groups = Array.from({ length: 20 }, () => unique('group'));
  await Promise.all(groups.map((group) => commit(group, topic, { 0: 1 })));
  const tick = () => Promise.all(groups.map((group) => read(group, { topics: [topic] })));
  await tick();
  requests.length = 0;
  const readings = await tick();
  for (const reading of readings) {
    expect(told(reading)).toEqual([
      '0 1..1 from 0',
      ...[2, 3, 4, 5, 6].map((end, i) => `${i + 1} none..${end} from 0`),
    ]);
  }
  const count = (api: string) => requests.filter((r) => r === api).length;
  expect(count('OffsetFetch')).toBeLessThanOrEqual(brokers.length);
  expect(count('ListOffsets')).toBeLessThanOrEqual(brokers.length);
  expect(requests).toHaveLength(count('OffsetFetch') + count('ListOffsets'));
});

test('a bootstrap server that is down does not matter while another one is up', async () => {
  const topic = await createTopic(5);
  const connection = {
    bootstrapServers: ['127.0.0.1:1', ...brokers],
    tls: undefined,
    sasl: undefined,
  };
  const reading = await read(unique('group'), { topics: [topic], connection });
  expect(told(reading)).toEqual(['0 none..5 from 0']);
});
