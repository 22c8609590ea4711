import { type ConsumeOptions, consumerSession } from './consumer-session.ts';
import { createGroupMember } from './group-member.ts';
import { orAborted, pause } from './time.ts';
import { listTopics } from './topics.ts';

export interface ConsumeLoop {
  /** Undefined when this member is in its group and in touch with Kafka, else why not. */
  notReady(): string | undefined;
  /**
   * Finishes the message in hand, commits, leaves the group. The signal ends the work on that message,
   * not the leaving: the caller has to bound it.
   */
  stop(): Promise<void>;
}

const restartPauseMs = 1_000;
const missingTopicPauseMs = 2_000;
/** Without a sign of life from Kafka for so long, a rebalance included, a member is not ready. */
const outOfTouchMs = 30_000;

/** Consumes until stopped; whatever ends the kafkajs consumer, a new one takes its place. */
export function startConsuming(options: ConsumeOptions): ConsumeLoop {
  const { log, progress } = options;
  const stopping = new AbortController();
  const member = createGroupMember(options.metrics, progress);
  let waitingFor = 'Kafka';

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      progress.mark();
      const missing = await missingTopics();
      waitingFor = missing.length > 0 ? `topic ${missing.join(', ')}` : 'the consumer group';
      if (missing.length > 0) {
        log.warn({ topics: missing }, 'topics are missing: waiting until somebody creates them');
        await pause(missingTopicPauseMs, stopping.signal);
      } else {
        await consumerSession(options, member, stopping.signal);
        member.left();
        await pause(restartPauseMs, stopping.signal);
      }
    }
  };

  const missingTopics = async (): Promise<readonly string[]> => {
    const known = await orAborted(listTopics(options.kafka), stopping.signal);
    return [...options.topics, ...options.requiredTopics].filter((topic) => !known.has(topic));
  };

  const forever = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await run().catch(async (error: unknown) => {
        if (stopping.signal.aborted) return;
        waitingFor = 'Kafka';
        log.warn({ err: error }, 'no consumer yet, trying again');
        await pause(restartPauseMs, stopping.signal);
      });
    }
  };

  const ended = forever();
  return {
    notReady() {
      if (!member.joined()) return `waiting for ${waitingFor}`;
      const silentMs = member.silentMs();
      return silentMs > outOfTouchMs
        ? `no answer from Kafka for ${Math.round(silentMs)} ms`
        : undefined;
    },
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}
