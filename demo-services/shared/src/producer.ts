import { type Kafka, Partitioners, type Producer, type ProducerRecord } from 'kafkajs';
import { metadataMaxAgeMs } from './kafka.ts';
import { errorKind, isRecordRefused, isRetriable } from './kafka-errors.ts';
import type { Logger } from './log.ts';
import { orAborted, pause } from './time.ts';

const retryPauseMs = 500;
/** Short rounds, so that whoever sends soon hears of an outage. */
const retriesOfRound = 2;

/** The brokers will never take this record, such as one larger than they allow. */
export class RecordRefusedError extends Error {
  override readonly name = 'RecordRefusedError';
}

export interface ReliableProducer {
  /**
   * Resolves when all in-sync replicas have the record; goes on trying until then. `onRetry` hears of
   * each failed round and of each request that timed out, so at least every 20 seconds.
   * @throws RecordRefusedError; or the signal's reason once it aborts
   */
  send(record: ProducerRecord, onRetry: () => void): Promise<void>;
  disconnect(): Promise<void>;
}

/**
 * An idempotent producer with acks=all.
 * @param retries of one `send`, by the same producer: it keeps its sequence numbers, so no record is
 *   doubled. Finite, so that a stopped service leaves no endless loop behind in a process of many.
 */
export function createProducer(kafka: Kafka, retries: number): Producer {
  return kafka.producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner, // said explicitly, else kafkajs prints a notice
    metadataMaxAge: metadataMaxAgeMs,
    retry: { retries },
  });
}

/** @param signal ends every attempt: the moment when a shutdown waits no longer */
export function createReliableProducer(
  kafka: Kafka,
  log: Logger,
  signal: AbortSignal,
): ReliableProducer {
  const retryListeners = new Set<() => void>();
  const connection = createConnection(kafka, () => {
    for (const onRetry of retryListeners) onRetry();
  });

  const attempt = async (record: ProducerRecord): Promise<boolean> => {
    try {
      const producer = await orAborted(connection.get(), signal);
      await orAborted(producer.send({ ...record, acks: -1 }), signal);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (isRecordRefused(error)) {
        throw new RecordRefusedError(`${record.topic} refuses the record`, { cause: error });
      }
      log.warn({ err: error, topic: record.topic, kind: errorKind(error) }, 'cannot produce yet');
      if (!isRetriable(error)) await connection.drop();
      return false;
    }
  };

  return {
    async send(record, onRetry) {
      retryListeners.add(onRetry);
      try {
        while (!(await attempt(record))) {
          onRetry();
          await pause(retryPauseMs, signal);
        }
      } finally {
        retryListeners.delete(onRetry);
      }
    },
    disconnect: connection.drop,
  };
}

/** One connected producer, made when first wanted, and anew after it was dropped. */
function createConnection(kafka: Kafka, onTimeout: () => void) {
  let current: Promise<Producer> | undefined;
  const get = (): Promise<Producer> => {
    current ??= connectedProducer(kafka, onTimeout).catch((error: unknown) => {
      current = undefined;
      throw error;
    });
    return current;
  };
  const drop = async (): Promise<void> => {
    const old = current;
    current = undefined;
    await old?.then((producer) => producer.disconnect()).catch(() => undefined);
  };
  return { get, drop };
}

async function connectedProducer(kafka: Kafka, onTimeout: () => void): Promise<Producer> {
  const producer = createProducer(kafka, retriesOfRound);
  producer.on(producer.events.REQUEST_TIMEOUT, onTimeout);
  try {
    await producer.connect();
    return producer;
  } catch (error) {
    await producer.disconnect().catch(() => undefined);
    throw error;
  }
}
