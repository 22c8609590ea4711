import { createProducer } from '@lagscaler/demo-shared/producer.ts';
import { type Kafka, Partitioners, type PartitionMetadata, type Producer } from 'kafkajs';
import type { LoadRecord } from './records.ts';

/**
 * `send` came back without an error, and yet some partitions gave no answer: after a leader moved
 * within a `send`, kafkajs 2.2.4 leaves out what had been meant for the old one.
 */
class UnansweredError extends Error {
  override readonly name = 'UnansweredError';
}

export interface BatchSender {
  /** Resolves when every record is acknowledged by all in-sync replicas. */
  send(records: readonly LoadRecord[]): Promise<void>;
  disconnect(): Promise<void>;
}

/** @throws when Kafka cannot be reached or the topic does not exist; it is never created */
export async function connectSender(kafka: Kafka, topic: string): Promise<BatchSender> {
  const partitions = await partitionsOf(kafka, topic);
  const producer = createProducer(kafka, retries);
  await producer.connect();
  return {
    send: (records) => sendAll(producer, topic, partitions, records),
    disconnect: () => producer.disconnect(),
  };
}

async function partitionsOf(kafka: Kafka, topic: string): Promise<PartitionMetadata[]> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions ?? [];
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** Half a minute at least: an election takes 10 to 15 s after a broker died. */
const retries = 15;
const rounds = 3;

async function sendAll(
  producer: Producer,
  topic: string,
  partitionMetadata: PartitionMetadata[],
  records: readonly LoadRecord[],
): Promise<void> {
  const partitionOf = Partitioners.DefaultPartitioner();
  let messages = records.map(({ uuid, value }) => {
    const message = { key: uuid, value, headers: { 'content-type': 'application/json' } };
    return { ...message, partition: partitionOf({ topic, partitionMetadata, message }) };
  });
  for (let round = 0; round < rounds && messages.length > 0; round += 1) {
    const answers = await producer.send({ topic, acks: -1, messages });
    const answered = new Set(answers.map(({ partition }) => partition));
    messages = messages.filter(({ partition }) => !answered.has(partition));
  }
  if (messages.length > 0) throw new UnansweredError(`${messages.length} records got no answer`);
}
