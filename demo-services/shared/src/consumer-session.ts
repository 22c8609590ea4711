import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { GroupMember } from './group-member.ts';
import { metadataMaxAgeMs } from './kafka.ts';
import { isMembershipLost } from './kafka-errors.ts';
import type { Logger } from './log.ts';
import type { ServiceMetrics } from './metrics.ts';
import { type Batch, type BatchPorts, processBatch } from './process-batch.ts';
import type { Progress } from './progress.ts';

export interface ConsumeOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  /** Consumed from the earliest record when the group has no offset. */
  readonly topics: readonly string[];
  /** These must exist too before the service is ready: what it writes to. */
  readonly requiredTopics: readonly string[];
  readonly work: BatchPorts['work'];
  /** The longest that the work on one message may take, in milliseconds. */
  readonly longestWorkMs: number;
  /** Messages of one partition in hand at once, at least 1. */
  readonly concurrency: number;
  /** Aborts when a shutdown waits no longer. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly metrics: ServiceMetrics;
  readonly log: Logger;
}

/** How soon a member notices that the group rebalances, beside the message in hand. */
const heartbeatIntervalMs = 1_000;
/**
 * How long the partitions of a killed member stand still, and the rebalance that waits for it. A member
 * that is asked to end then waits too: with 15 s, as long as its shutdown is patient (25 s for five
 * steps), it gave up.
 */
const sessionTimeoutMs = 10_000;
/** The longest an idle member takes to leave; three of these a second are what idling costs. */
const fetchWaitMs = 1_000;
/** So that one partition with a long backlog does not keep the others of this member waiting. */
const sliceMs = 1_000;
/** Where messages may be worked on side by side at all. */
const partitionsAtOnce = 4;

/** One life of a kafkajs consumer: ends when it crashes, or with its group left after a stop. */
export async function consumerSession(
  options: ConsumeOptions,
  member: GroupMember,
  stopping: AbortSignal,
): Promise<void> {
  const consumer = createConsumer(options);
  const ended = Promise.withResolvers<void>();
  stopping.addEventListener('abort', () => ended.resolve(), { once: true });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    options.log.warn({ err: payload.error }, 'the consumer broke down');
    ended.resolve();
  });
  member.follow(consumer);
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...options.topics], fromBeginning: true });
    // Not raced against a stop: a member that goes while it joins stays in the group as a ghost.
    await consumer.run(runConfig(options, member, () => stopping.aborted));
    await ended.promise;
  } finally {
    await consumer.disconnect();
  }
}

function createConsumer({ kafka, groupId, longestWorkMs }: ConsumeOptions): Consumer {
  return kafka.consumer({
    groupId,
    heartbeatInterval: heartbeatIntervalMs,
    sessionTimeout: sessionTimeoutMs,
    // The message in hand is finished before its member joins again.
    rebalanceTimeout: Math.max(20_000, 2 * longestWorkMs + 10_000),
    maxWaitTimeInMs: fetchWaitMs,
    minBytes: 1,
    maxBytesPerPartition: 64 * 1024,
    maxBytes: 1024 * 1024,
    metadataMaxAge: metadataMaxAgeMs,
    allowAutoTopicCreation: false,
    // A crash is answered by a new consumer, here and not inside kafkajs: it also looks for the topics.
    retry: { retries: 2, restartOnFailure: async () => false },
  });
}

type RunConfig = NonNullable<Parameters<Consumer['run']>[0]>;

function runConfig(
  options: ConsumeOptions,
  member: GroupMember,
  stopping: () => boolean,
): RunConfig {
  return {
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: options.concurrency > 1 ? partitionsAtOnce : 1,
    async eachBatch(payload) {
      // kafkajs hands over every batch it has fetched before it joins again: of 40 partitions, that
      // would be 40 more messages for which the whole group waits.
      const mustRejoin = member.mustRejoin();
      if (mustRejoin !== undefined) throw mustRejoin;
      const batch = heldBatch(payload, member);
      const epoch = member.epoch();
      // The epoch moves under a batch when kafkajs joins again because a partition got a new leader.
      const outdated = () => member.epoch() !== epoch || !batch.held();
      try {
        await processBatch(batch, {
          work: options.work,
          concurrency: options.concurrency,
          stopping: () => stopping() || outdated(),
          signal: options.signal,
          uncommitted: member.uncommitted,
          heartbeatIntervalMs,
          sliceMs,
          now: () => performance.now(),
        });
      } catch (error) {
        if (isMembershipLost(error)) member.rejoin(error);
        throw error;
      }
    },
  };
}

/** A batch of kafkajs that leaves the positions of partitions alone which are no longer ours. */
function heldBatch(payload: EachBatchPayload, member: GroupMember): Batch & { held(): boolean } {
  const { topic, partition, messages } = payload.batch;
  const held = () => member.holds(topic, partition);
  return {
    topic,
    partition,
    messages,
    held,
    heartbeat: payload.heartbeat,
    resolve(offset) {
      if (held()) payload.resolveOffset(offset);
    },
    async commit(offset) {
      const next = String(BigInt(offset) + 1n);
      const topics = [{ topic, partitions: [{ partition, offset: next }] }];
      // Of the payload: the one of the consumer does nothing once a stop has begun.
      if (held()) await payload.commitOffsetsIfNecessary({ topics });
    },
  };
}
