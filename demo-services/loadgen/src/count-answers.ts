import { randomUUID } from 'node:crypto';
import { createKafka } from '@lagscaler/demo-shared/kafka.ts';
import type { KafkaConnection } from '@lagscaler/demo-shared/kafka-config.ts';
import type { Logger } from '@lagscaler/demo-shared/log.ts';
import { pause } from '@lagscaler/demo-shared/time.ts';
import type { Consumer, Kafka } from 'kafkajs';
import { type AnswerLedger, type AnswerTally, createLedger } from './answer-ledger.ts';
import type { Decision } from './records.ts';

export interface CountOptions {
  readonly kafka: KafkaConnection;
  readonly log: Logger;
  readonly topic: string;
}

export interface AnswerCounter extends Pick<AnswerLedger, 'expect' | 'acknowledge' | 'tally'> {
  /** Waits until nothing is missing, or until the signal aborts. */
  settled(signal: AbortSignal): Promise<AnswerTally>;
  stop(): Promise<void>;
}

const lookMs = 50;

/**
 * Counts the answers written from now on. It reads with a group of its own, which it deletes at the
 * end. Tell it each record with `expect` before sending it, and with `acknowledge` after.
 * @throws when Kafka cannot be reached or the topic does not exist
 */
export async function countAnswers(options: CountOptions): Promise<AnswerCounter> {
  const kafka = createKafka(options.kafka, 'loadgen-answers', options.log);
  const ledger = createLedger();
  const groupId = `loadgen-answers-${randomUUID()}`;
  const consumer = await readFromNow(kafka, groupId, options.topic, ledger);
  return {
    ...ledger,
    async settled(signal) {
      while (ledger.tally().lost > 0 && !signal.aborted) await pause(lookMs, signal);
      return ledger.tally();
    },
    async stop() {
      await consumer.disconnect();
      await deleteGroup(kafka, groupId);
    },
  };
}

async function readFromNow(
  kafka: Kafka,
  groupId: string,
  topic: string,
  ledger: AnswerLedger,
): Promise<Consumer> {
  const ends = await endOffsets(kafka, topic);
  const consumer = kafka.consumer({
    groupId,
    allowAutoTopicCreation: false,
    heartbeatInterval: 1_000,
    sessionTimeout: 30_000,
    maxWaitTimeInMs: 200,
    retry: { retries: 10 },
  });
  const joined = Promise.withResolvers<void>();
  consumer.on(consumer.events.CRASH, ({ payload }) => joined.reject(payload.error));
  // At each join: without commits a rejoin would begin anew, and count everything again.
  const positions = new Map(ends.map(({ partition, offset }) => [partition, offset]));
  consumer.on(consumer.events.GROUP_JOIN, () => {
    for (const [partition, offset] of positions) consumer.seek({ topic, partition, offset });
    joined.resolve();
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    async eachBatch({ batch, resolveOffset, heartbeat }) {
      for (const { offset, value } of batch.messages) {
        if (BigInt(offset) < BigInt(positions.get(batch.partition) ?? '0')) continue;
        readAnswer(value, ledger);
        positions.set(batch.partition, String(BigInt(offset) + 1n));
      }
      resolveOffset(batch.lastOffset());
      await heartbeat();
    },
  });
  await joined.promise;
  return consumer;
}

async function endOffsets(kafka: Kafka, topic: string) {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await admin.fetchTopicOffsets(topic);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

function readAnswer(value: Buffer | null, ledger: AnswerLedger): void {
  const envelope: { uuid?: unknown; data?: { approved?: unknown } } = JSON.parse(String(value));
  const decision: Decision | undefined = (['true', 'false'] as const).find(
    (known) => known === envelope.data?.approved,
  );
  if (typeof envelope.uuid === 'string') ledger.answer(envelope.uuid, decision);
}

/** Best effort: an empty group vanishes by itself when the brokers' retention is over. */
async function deleteGroup(kafka: Kafka, groupId: string): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.deleteGroups([groupId]);
  } catch {
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
