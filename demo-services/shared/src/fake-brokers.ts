import type { Kafka, Message, PartitionMetadata } from 'kafkajs';

class ProtocolError extends Error {
  override readonly name = 'KafkaJSProtocolError';
  readonly type: string;
  readonly retriable: boolean;

  constructor(type: string, retriable: boolean) {
    super(type);
    this.type = type;
    this.retriable = retriable;
  }
}

interface FakePartition {
  leader: number;
  readonly log: string[];
  /** The last request that was written and whose answer got lost: what a broker knows a repeat by. */
  unanswered: string | undefined;
}

interface SendArguments {
  readonly topic: string;
  readonly messages: readonly (Message & { readonly partition: number })[];
}

/** Brokers with topics, and the `Kafka` to reach them; what goes wrong is set in its fields. */
export class FakeBrokers {
  readonly #topics = new Map<string, FakePartition[]>();
  /** Every request, as partition:values. */
  readonly requests: string[] = [];
  /** Records longer than this are refused, and so is what exceeds it in one partition's request. */
  maxLength = 1_000;
  /** So many requests fail before anything is written. */
  failures = 0;
  /** So many requests are written, but their answers get lost. */
  lostAnswers = 0;
  /** So many requests of a producer that has lost its place in the sequence. */
  outOfOrder = 0;
  /** Left out of the next request without a word, as kafkajs does when a leader moves. */
  leftOut: number | undefined;
  /** Requests wait for it. */
  open: Promise<void> = Promise.resolve();
  producers = 0;
  readonly #timeoutListeners: (() => void)[] = [];

  createTopic(topic: string, partitions: number): void {
    const existing = this.#topics.get(topic) ?? [];
    while (existing.length < partitions) {
      existing.push({ leader: existing.length % 3, log: [], unanswered: undefined });
    }
    this.#topics.set(topic, existing);
  }

  log(topic: string, partition: number): readonly string[] {
    return this.#topics.get(topic)?.[partition]?.log ?? [];
  }

  records(topic: string): readonly string[] {
    return (this.#topics.get(topic) ?? []).flatMap(({ log }) => log);
  }

  timeOut(): void {
    for (const listener of this.#timeoutListeners) listener();
  }

  readonly kafka = {
    admin: () => ({
      connect: async () => undefined,
      disconnect: async () => undefined,
      fetchTopicMetadata: async ({ topics: [topic = ''] }: { topics: string[] }) => ({
        topics: [{ partitions: this.#metadata(topic) }],
      }),
    }),
    producer: ({ createPartitioner }: { createPartitioner(): (args: object) => number }) => {
      const partitioner = createPartitioner();
      this.producers += 1;
      return {
        events: { REQUEST_TIMEOUT: 'timeout' },
        on: (_event: string, listener: () => void) => this.#timeoutListeners.push(listener),
        connect: async () => undefined,
        disconnect: async () => undefined,
        send: async ({ topic, messages }: SendArguments) => {
          const partitionMetadata = this.#metadata(topic);
          for (const message of messages) partitioner({ topic, partitionMetadata, message });
          await this.open;
          return this.#produce(topic, messages);
        },
      };
    },
  } as unknown as Kafka;

  #metadata(topic: string): PartitionMetadata[] {
    const partitions = this.#topics.get(topic);
    if (partitions === undefined) throw new ProtocolError('UNKNOWN_TOPIC_OR_PARTITION', true);
    return partitions.map(({ leader }, partitionId) => {
      return { partitionId, leader, partitionErrorCode: 0, replicas: [], isr: [] };
    });
  }

  #produce(topic: string, messages: SendArguments['messages']): { partition: number }[] {
    const groups = [...Map.groupBy(messages, ({ partition }) => partition)].filter(
      ([partition]) => partition !== this.leftOut,
    );
    this.leftOut = undefined;
    const texts = groups.map(([partition, of]) => `${partition}:${requestText(of)}`);
    this.requests.push(texts.join(' '));
    if (this.#spend('failures')) throw new ProtocolError('NOT_LEADER_FOR_PARTITION', true);
    if (this.#spend('outOfOrder')) throw new ProtocolError('OUT_OF_ORDER_SEQUENCE_NUMBER', false);
    const lost = this.#spend('lostAnswers');
    const refused = groups.some(([, of]) => requestText(of).length > this.maxLength);
    for (const [partition, of] of groups) {
      // kafkajs makes one error of the answers: those of the other partitions are lost.
      this.#append(topic, partition, of.map(recordText), lost || refused);
    }
    if (refused) throw new ProtocolError('MESSAGE_TOO_LARGE', false);
    if (lost) throw new ProtocolError('REQUEST_TIMED_OUT', true);
    return groups.map(([partition]) => ({ partition }));
  }

  #append(topic: string, index: number, values: readonly string[], answerLost: boolean): void {
    const partition = this.#topics.get(topic)?.[index];
    if (partition === undefined) throw new ProtocolError('UNKNOWN_TOPIC_OR_PARTITION', true);
    const request = values.join('+');
    if (request.length > this.maxLength) return;
    const { unanswered } = partition;
    if (unanswered !== undefined && unanswered !== request) {
      throw new ProtocolError('OUT_OF_ORDER_SEQUENCE_NUMBER', false);
    }
    partition.unanswered = answerLost ? request : undefined;
    if (unanswered === undefined) partition.log.push(...values);
  }

  #spend(kind: 'failures' | 'lostAnswers' | 'outOfOrder'): boolean {
    if (this[kind] === 0) return false;
    this[kind] -= 1;
    return true;
  }
}

function recordText({ value }: Message): string {
  return String(value);
}

function requestText(messages: readonly Message[]): string {
  return messages.map(recordText).join('+');
}
