import type { Kafka, KafkaMessage } from 'kafkajs';
import type { Logger } from './log.ts';
import type { ServiceMetrics } from './metrics.ts';
import { RecordRefusedError, type ReliableProducer } from './producer.ts';
import { orAborted, pause } from './time.ts';
import { listTopics } from './topics.ts';

const lookAgainMs = 30_000;
const retryPauseMs = 500;

export interface Origin {
  readonly topic: string;
  readonly partition: number;
}

export interface DeadLetters {
  /**
   * Keeps the message as it came in `<topic>.dlq`, with its origin and the error as headers. Where
   * that topic does not exist, or refuses the record, the message is skipped: counted and logged.
   */
  put(origin: Origin, message: KafkaMessage, error: unknown, onRetry: () => void): Promise<void>;
}

export interface DeadLetterPorts {
  readonly topicExists: TopicLookup;
  readonly producer: ReliableProducer;
  readonly metrics: ServiceMetrics;
  readonly log: Logger;
}

export function createDeadLetters(ports: DeadLetterPorts): DeadLetters {
  const { metrics, log } = ports;
  return {
    async put(origin, message, error, onRetry) {
      const { topic, partition } = origin;
      const line = { topic, partition, offset: message.offset, err: error };
      metrics.failed.inc({ topic });
      if (await keep(ports, origin, message, error, onRetry)) {
        metrics.deadLettered.inc({ topic });
        log.warn(line, 'message put into the dead-letter topic');
      } else {
        metrics.skipped.inc({ topic });
        log.error(line, 'message skipped: no dead-letter topic takes it');
      }
    },
  };
}

async function keep(
  { topicExists, producer }: DeadLetterPorts,
  origin: Origin,
  { key, value, headers, offset }: KafkaMessage,
  error: unknown,
  onRetry: () => void,
): Promise<boolean> {
  const topic = `${origin.topic}.dlq`;
  if (!(await topicExists(topic, onRetry))) return false;
  const why = {
    'origin-topic': origin.topic,
    'origin-partition': String(origin.partition),
    'origin-offset': offset,
    error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  };
  try {
    await producer.send(
      { topic, messages: [{ key, value, headers: { ...headers, ...why } }] },
      onRetry,
    );
    return true;
  } catch (refusal) {
    if (refusal instanceof RecordRefusedError) return false;
    throw refusal;
  }
}

/** Whether a topic exists. `onRetry` hears of each failed attempt to ask Kafka. */
export type TopicLookup = (topic: string, onRetry: () => void) => Promise<boolean>;

/** The answer holds for good when yes, for half a minute when no; asks until it gets an answer. */
export function createTopicLookup(kafka: Kafka, log: Logger, signal: AbortSignal): TopicLookup {
  let known: ReadonlySet<string> = new Set();
  let askedAt = Number.NEGATIVE_INFINITY;
  const ask = async (): Promise<boolean> => {
    try {
      known = await orAborted(listTopics(kafka), signal);
      askedAt = performance.now();
      return true;
    } catch (error) {
      if (signal.aborted) throw error;
      log.warn({ err: error }, 'cannot list the topics yet');
      return false;
    }
  };
  return async (topic, onRetry) => {
    const fresh = () => known.has(topic) || performance.now() - askedAt < lookAgainMs;
    while (!fresh() && !(await ask())) {
      onRetry();
      await pause(retryPauseMs, signal);
    }
    return known.has(topic);
  };
}
