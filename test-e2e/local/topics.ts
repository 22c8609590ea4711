import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Partitioners } from 'kafkajs';
import { kafkaTool, withAdmin, withKafka } from './kafka.ts';
import type { StackState } from './state.ts';

const consumerGroupCommand = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';

interface TopicOptions {
  /** Default 1. */
  readonly partitions?: number;
  /** Default 3. */
  readonly replicationFactor?: number;
  readonly config?: Readonly<Record<string, string>>;
}

/** Creates a topic and returns when each partition has a leader and all its replicas. */
export async function createTopic(
  state: StackState,
  topic: string,
  { partitions = 1, replicationFactor = 3, config = {} }: TopicOptions = {},
): Promise<void> {
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  const description = { topic, numPartitions: partitions, replicationFactor, configEntries };
  await withAdmin(state, (admin) =>
    // Its own wait for leaders gives up on a busy machine: ours has a deadline and a clear error.
    admin.createTopics({ topics: [description], waitForLeaders: false }),
  );
  await untilTopic(state, topic, (ready) => ready === partitions);
}

/** Deletes a topic and returns when the brokers have forgotten it. */
export async function deleteTopic(state: StackState, topic: string): Promise<void> {
  await withAdmin(state, (admin) => admin.deleteTopics({ topics: [topic], timeout: 10_000 }));
  const listed = () => withAdmin(state, (admin) => admin.listTopics());
  await untilTrue(async () => !(await listed()).includes(topic), `topic ${topic} is still listed`);
}

/** Adds partitions and returns when each has a leader. */
export async function growTopic(
  state: StackState,
  topic: string,
  partitions: number,
): Promise<void> {
  await withAdmin(state, (admin) =>
    admin.createPartitions({ topicPartitions: [{ topic, count: partitions }] }),
  );
  await untilTopic(state, topic, (ready) => ready === partitions);
}

/** End offset of each partition, by partition number. */
export async function endOffsets(state: StackState, topic: string): Promise<Map<number, bigint>> {
  const offsets = await withAdmin(state, (admin) => admin.fetchTopicOffsets(topic));
  return new Map(offsets.map(({ partition, high }) => [partition, BigInt(high)]));
}

/** Commits offsets, by partition number, for a group without members. Kafka's own tool: kafkajs would join the group, which takes 5 s. */
export async function commitOffsets(
  state: StackState,
  group: string,
  topic: string,
  offsets: ReadonlyMap<number, bigint>,
): Promise<void> {
  const plan = [...offsets].map(([partition, offset]) => `${topic},${partition},${offset}\n`);
  const file = join(mkdtempSync(join(tmpdir(), 'offsets-')), 'plan.csv');
  writeFileSync(file, plan.join(''));
  try {
    const what = ['--reset-offsets', '--group', group, '--from-file', file, '--execute'];
    await kafkaTool(state, consumerGroupCommand, what);
  } finally {
    rmSync(dirname(file), { recursive: true });
  }
}

/**
 * Writes records, spread evenly over the partitions, each acknowledged by all replicas in sync.
 * @param values one record each, in order
 */
export async function produce(
  state: StackState,
  topic: string,
  values: readonly string[],
): Promise<void> {
  const ends = await endOffsets(state, topic);
  await withKafka(state, 'stack-producer', async (kafka) => {
    const producer = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      idempotent: true,
      retry: { retries: 10 },
    });
    await producer.connect();
    try {
      for (let from = 0; from < values.length; from += 1000) {
        const chunk = values.slice(from, from + 1000);
        const messages = chunk.map((value, i) => ({ value, partition: (from + i) % ends.size }));
        await producer.send({ topic, messages, acks: -1 });
      }
    } finally {
      await producer.disconnect();
    }
  });
}

/** One line of `kafka-consumer-groups --describe`: the oracle for lag. `undefined` where it prints a dash. */
export interface OracleLag {
  readonly topic: string;
  readonly partition: number;
  readonly committed: bigint | undefined;
  readonly end: bigint | undefined;
  readonly lag: bigint | undefined;
}

/** What Kafka's own tool says about a group; takes about 1 s. */
export async function describeGroupLag(state: StackState, group: string): Promise<OracleLag[]> {
  const printed = await kafkaTool(state, consumerGroupCommand, ['--describe', '--group', group]);
  return parseGroupLag(printed);
}

export function parseGroupLag(printed: string): OracleLag[] {
  const number = (text: string | undefined) =>
    text === undefined || text === '-' ? undefined : BigInt(text);
  return printed
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns.length >= 6 && /^\d+$/.test(columns[2] ?? ''))
    .map(([, topic = '', partition, committed, end, lag]) => ({
      topic,
      partition: Number(partition),
      committed: number(committed),
      end: number(end),
      lag: number(lag),
    }));
}

async function untilTopic(
  state: StackState,
  topic: string,
  isReady: (partitionsInSync: number) => boolean,
): Promise<void> {
  const check = () =>
    withAdmin(state, async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const partitions = topics[0]?.partitions ?? [];
      const whole = partitions.filter(
        (p) => p.leader >= 0 && p.isr.length > 0 && p.isr.length === p.replicas.length,
      );
      return whole.length === partitions.length && isReady(whole.length);
    });
  await untilTrue(check, `topic ${topic} is not ready`);
}

async function untilTrue(check: () => Promise<boolean>, otherwise: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  let cause: unknown;
  while (Date.now() < deadline) {
    try {
      if (await check()) return;
    } catch (error) {
      cause = error; // metadata may not have reached the broker that was asked
    }
    await sleep(100);
  }
  throw new Error(`${otherwise} after 30 s`, { cause });
}
