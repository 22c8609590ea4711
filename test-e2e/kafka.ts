import { quietRequestQueue } from '@lagscaler/demo-shared/kafka-request-queue.ts';
import { Admin as OffsetsAdmin } from '@platformatic/kafka';
import { type Admin, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { until } from './until.ts';

type Servers = readonly string[];
type Offsets = ReadonlyMap<number, bigint>;

/** A quiet client with deadlines (traps K3). */
export function clientOf(servers: Servers, clientId = 'lagscaler-e2e'): Kafka {
  quietRequestQueue(); // else a timer of a closed connection keeps the process alive for ever
  return new Kafka({
    clientId,
    brokers: [...servers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3000,
    requestTimeout: 10_000,
    retry: { retries: 3 },
  });
}

/** An admin of its own for each use: one that met a deleted topic fails for ever (traps K2). */
export async function withAdmin<T>(
  servers: Servers,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = clientOf(servers).admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/**
 * Creates a topic with three replicas and returns when every partition has them in sync.
 * @param config of the topic, e.g. `message.timestamp.type`
 */
export async function createTopic(
  servers: Servers,
  topic: string,
  partitions: number,
  config: Readonly<Record<string, string>> = {},
): Promise<void> {
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  const topics = [{ topic, numPartitions: partitions, replicationFactor: 3, configEntries }];
  await withAdmin(servers, (admin) => admin.createTopics({ topics, waitForLeaders: false }));
  await untilInSync(servers, topic, partitions);
}

export async function growTopic(
  servers: Servers,
  topic: string,
  partitions: number,
): Promise<void> {
  const topicPartitions = [{ topic, count: partitions }];
  await withAdmin(servers, (admin) => admin.createPartitions({ topicPartitions }));
  await untilInSync(servers, topic, partitions);
}

/** Those of these topics that exist. */
export function existingTopics(servers: Servers, topics: readonly string[]): Promise<string[]> {
  return withAdmin(servers, async (admin) => {
    const listed = await admin.listTopics();
    return topics.filter((topic) => listed.includes(topic));
  });
}

/** Deletes what exists of these topics and returns when the brokers have forgotten them. */
export async function deleteTopics(servers: Servers, topics: readonly string[]): Promise<void> {
  const existing = () => existingTopics(servers, topics);
  const doomed = await existing();
  if (doomed.length > 0)
    await withAdmin(servers, (admin) => admin.deleteTopics({ topics: doomed, timeout: 10_000 }));
  await until(`topics ${doomed} are gone`, async () => (await existing()).length === 0);
}

/** Deletes a group without members; fine when there is none. */
export async function deleteGroup(servers: Servers, group: string): Promise<void> {
  await until(`group ${group} is empty and deleted`, () =>
    withAdmin(servers, async (admin) => {
      const { groups } = await admin.listGroups();
      if (!groups.some(({ groupId }) => groupId === group)) return true;
      await admin.deleteGroups([group]);
      return true;
    }),
  );
}

/** End offset of each partition. */
export async function endOffsets(servers: Servers, topic: string): Promise<Map<number, bigint>> {
  const offsets = await withAdmin(servers, (admin) => admin.fetchTopicOffsets(topic));
  return new Map(offsets.map(({ partition, high }) => [partition, BigInt(high)]));
}

/** Commits offsets of a group without members; kafkajs would have to join the group, which takes 5 s. */
export async function commitOffsets(
  servers: Servers,
  group: string,
  topic: string,
  offsets: Offsets,
): Promise<void> {
  const admin = new OffsetsAdmin({
    clientId: 'lagscaler-e2e',
    bootstrapBrokers: [...servers],
    retries: 0,
  });
  const partitionOffsets = [...offsets].map(([partition, offset]) => ({ partition, offset }));
  try {
    // A new topic or a coordinator that moved reaches the brokers one by one.
    await until(`offsets of ${group} on ${topic} are committed`, async () => {
      const topics = [{ name: topic, partitionOffsets }];
      await admin.alterConsumerGroupOffsets({ groupId: group, topics });
      return true;
    });
  } finally {
    await admin.close();
  }
}

/** Not connected yet. Each record is written once, and acknowledged by all replicas in sync. */
export function producerOf(servers: Servers): Producer {
  return clientOf(servers).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    idempotent: true,
    retry: { retries: 10 },
  });
}

/** Writes records, spread evenly over the partitions, each acknowledged by all replicas in sync. */
export async function produce(
  servers: Servers,
  topic: string,
  to: { readonly partitions: number; readonly records: number },
): Promise<void> {
  const producer = producerOf(servers);
  await producer.connect();
  try {
    for (let from = 0; from < to.records; from += 1000) {
      const count = Math.min(1000, to.records - from);
      const messages = Array.from({ length: count }, (_, i) => ({
        value: `${from + i}`,
        partition: (from + i) % to.partitions,
      }));
      await producer.send({ topic, messages, acks: -1 });
    }
  } finally {
    await producer.disconnect();
  }
}

async function untilInSync(servers: Servers, topic: string, partitions: number): Promise<void> {
  await until(`${partitions} partitions of ${topic} in sync`, () =>
    withAdmin(servers, async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const found = topics[0]?.partitions ?? [];
      const inSync = found.filter((p) => p.leader >= 0 && p.isr.length === p.replicas.length);
      return inSync.length === partitions;
    }),
  );
}

/** Records that a group has not committed yet, over these topics. @throws Error when an answer has gaps */
export function groupLag(
  servers: Servers,
  group: string,
  topics: readonly string[],
): Promise<bigint> {
  return withAdmin(servers, async (admin) => {
    let lag = 0n;
    // One after the other: two at once can answer with nothing (traps K1).
    for (const topic of topics) lag += await topicLag(admin, group, topic);
    return lag;
  });
}

async function topicLag(admin: Admin, group: string, topic: string): Promise<bigint> {
  const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const committed = new Map(answer?.partitions.map((p) => [p.partition, BigInt(p.offset)]));
  const ends = await admin.fetchTopicOffsets(topic);
  return ends.reduce((lag, { partition, low, high }) => {
    const from = committed.get(partition);
    if (from === undefined) throw new Error(`no answer for partition ${partition} of ${topic}`);
    const first = BigInt(low); // -1: never committed here
    return lag + BigInt(high) - (from < first ? first : from);
  }, 0n);
}
