import {
  type Kafka,
  type Message,
  Partitioners,
  type PartitionMetadata,
  type Producer,
} from 'kafkajs';
import { metadataMaxAgeMs } from './kafka.ts';
import { partitionsOf } from './topics.ts';

/** A record whose partition was decided by us and not by kafkajs. */
export type PlacedMessage = Message & { readonly partition: number };

/** One connected idempotent producer: as long as it lives it keeps its sequence numbers. */
export interface ProducerSession {
  /** As known after the last `send` to this topic; asks Kafka the first time. */
  partitions(topic: string): Promise<readonly PartitionMetadata[]>;
  /**
   * Writes with acks=all.
   * @returns the partitions that answered. Some may be missing without an error: after a leader moved
   *   within a `send`, kafkajs 2.2.4 leaves out what had been meant for the old one
   */
  send(topic: string, messages: readonly PlacedMessage[]): Promise<ReadonlySet<number>>;
  /** It is beyond repair: the next one to ask for a session gets a new producer. */
  drop(): Promise<void>;
}

export interface ProducerConnection {
  /** Connects when first wanted, and anew after a drop. */
  get(): Promise<ProducerSession>;
  close(): Promise<void>;
}

/**
 * Of one `send`, by the same producer: no record is doubled by them. Few, so that whoever sends soon
 * hears of an outage, and no stopped service leaves an endless loop behind in a process of many.
 */
const retriesOfSend = 2;

/** @param onTimeout hears of each request that timed out */
export function createProducerConnection(kafka: Kafka, onTimeout: () => void): ProducerConnection {
  let current: Promise<ProducerSession> | undefined;
  return {
    get() {
      const wanted = current ?? openSession(kafka, onTimeout, () => forget());
      const forget = () => {
        if (current === wanted) current = undefined;
      };
      if (current === undefined) {
        current = wanted;
        wanted.catch(forget);
      }
      return wanted;
    },
    async close() {
      const session = await current?.catch(() => undefined);
      await session?.drop();
    },
  };
}

async function openSession(
  kafka: Kafka,
  onTimeout: () => void,
  forget: () => void,
): Promise<ProducerSession> {
  const seen = new Map<string, readonly PartitionMetadata[]>();
  const producer = createProducer(kafka, (topic, partitions) => seen.set(topic, partitions));
  producer.on(producer.events.REQUEST_TIMEOUT, onTimeout);
  const disconnect = () => producer.disconnect().catch(() => undefined);
  try {
    await producer.connect();
  } catch (error) {
    await disconnect();
    throw error;
  }
  return {
    partitions: async (topic) => seen.get(topic) ?? (await partitionsOf(kafka, topic)),
    async send(topic, messages) {
      const answers = await producer.send({ topic, acks: -1, messages: [...messages] });
      return new Set(answers.map(({ partition }) => partition));
    },
    async drop() {
      forget();
      await disconnect();
    },
  };
}

type MetadataListener = (topic: string, partitions: readonly PartitionMetadata[]) => void;

/** Its partitioner decides nothing: it is where kafkajs shows the metadata that it keeps fresh. */
function createProducer(kafka: Kafka, onMetadata: MetadataListener): Producer {
  return kafka.producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    createPartitioner: () => {
      const inner = Partitioners.DefaultPartitioner();
      return (args) => {
        onMetadata(args.topic, args.partitionMetadata);
        return inner(args);
      };
    },
    metadataMaxAge: metadataMaxAgeMs,
    retry: { retries: retriesOfSend },
  });
}
