import { randomUUID } from 'node:crypto';
import type { IHeaders } from 'kafkajs';
import { clientOf, producerOf, withAdmin } from './kafka.ts';

type Servers = readonly string[];

/** A record as it lies in a topic. */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
}

/** Without a partition it goes where its key belongs. */
export type NewRecord = Pick<KafkaRecord, 'topic' | 'key' | 'value'> & Partial<KafkaRecord>;

/** Everything that these topics hold now, in order within a partition. */
export async function readTopics(
  servers: Servers,
  topics: readonly string[],
): Promise<KafkaRecord[]> {
  const left = await unreadPartitions(servers, topics);
  const records: KafkaRecord[] = [];
  if (left.size === 0) return records;
  const consumer = clientOf(servers).consumer({
    groupId: `reader-${randomUUID()}`,
    maxWaitTimeInMs: 100,
    retry: { retries: 10 },
  });
  const done = Promise.withResolvers<void>();
  consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(payload.error));
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ topic, partition, message }) => {
        const { key, value, headers = {}, offset } = message;
        const at = `${topic}/${partition}`;
        const end = left.get(at);
        if (end === undefined) return;
        records.push({ topic, partition, key, value, headers });
        if (BigInt(offset) + 1n < end) return;
        left.delete(at);
        if (left.size === 0) done.resolve();
      },
    });
    await withDeadline(done.promise, 60_000, () => `still unread: ${[...left.keys()]}`);
    return records;
  } finally {
    await consumer.disconnect();
  }
}

/** The end of each partition that holds records, under `topic/partition`. */
async function unreadPartitions(
  servers: Servers,
  topics: readonly string[],
): Promise<Map<string, bigint>> {
  const ends = new Map<string, bigint>();
  for (const topic of topics) {
    const offsets = await withAdmin(servers, (admin) => admin.fetchTopicOffsets(topic));
    for (const { partition, low, high } of offsets)
      if (BigInt(high) > BigInt(low)) ends.set(`${topic}/${partition}`, BigInt(high));
  }
  return ends;
}

async function withDeadline<T>(work: Promise<T>, ms: number, otherwise: () => string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(otherwise())), ms);
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}

/** Writes records as they are, acknowledged by all replicas in sync. */
export async function produceRecords(
  servers: Servers,
  records: readonly NewRecord[],
): Promise<void> {
  const producer = producerOf(servers);
  await producer.connect();
  try {
    const byTopic = Map.groupBy(records, ({ topic }) => topic);
    const topicMessages = [...byTopic].map(([topic, messages]) => ({ topic, messages }));
    await producer.sendBatch({ topicMessages, acks: -1 });
  } finally {
    await producer.disconnect();
  }
}

/**
 * Writes each record of these topics a second time, present and future ones, as soon as it is there.
 * Those that it writes itself are left alone.
 */
export async function doubleRecords(servers: Servers, topics: readonly string[]) {
  const marker = 'written-twice';
  const producer = producerOf(servers);
  const consumer = clientOf(servers).consumer({
    groupId: `doubler-${randomUUID()}`,
    maxWaitTimeInMs: 50,
  });
  let doubled = 0;
  await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    partitionsConsumedConcurrently: 10,
    eachMessage: async ({ topic, partition, message: { key, value, headers } }) => {
      if (headers?.[marker]) return;
      const again = { partition, key, value, headers: { ...headers, [marker]: 'yes' } };
      await producer.send({ topic, messages: [again] });
      doubled += 1;
    },
  });
  return {
    /** How many were written so far. */
    doubled: () => doubled,
    async stop(): Promise<void> {
      await consumer.disconnect();
      await producer.disconnect();
    },
  };
}
