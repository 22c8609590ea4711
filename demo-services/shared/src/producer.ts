import type { Kafka, ProducerRecord } from 'kafkajs';
import { createLane, type Lane } from './lane.ts';
import type { Logger } from './log.ts';
import type { ServiceMetrics } from './metrics.ts';
import { createProducerConnection } from './producer-connection.ts';

export { RecordRefusedError } from './delivery.ts';

export interface ReliableProducer {
  /**
   * Resolves when all in-sync replicas have the records; goes on trying until then. What is sent to one
   * topic while a request is on its way goes together with the next; the order of records of one
   * partition is kept. Acknowledged records are counted as produced here.
   * @param onRetry hears of each failed attempt and of each request that timed out, so at least every
   *   20 seconds
   * @throws RecordRefusedError when the brokers will never take one of the records; the others are
   *   written. The signal's reason once it aborts
   */
  send(record: Pick<ProducerRecord, 'topic' | 'messages'>, onRetry: () => void): Promise<void>;
  /** Waits for what is on its way, 5 s at most. No `send` may follow. */
  disconnect(): Promise<void>;
}

export interface ProducerPorts {
  readonly kafka: Kafka;
  readonly log: Logger;
  /** Ends every attempt: the moment when a shutdown waits no longer. */
  readonly signal: AbortSignal;
  readonly metrics: Pick<ServiceMetrics, 'produced'>;
}

const flushMs = 5_000;

/** An idempotent producer with acks=all that outlives every outage. */
export function createReliableProducer(ports: ProducerPorts): ReliableProducer {
  const { kafka, log, metrics } = ports;
  const closing = new AbortController();
  const signal = AbortSignal.any([ports.signal, closing.signal]);
  const lanes = new Map<string, Lane>();
  const connection = createProducerConnection(kafka, () => {
    for (const lane of lanes.values()) lane.retried();
  });
  const onAcknowledged = (topic: string) => metrics.produced.inc({ topic });
  const laneOf = (topic: string): Lane => {
    const known = lanes.get(topic);
    const lane = known ?? createLane({ topic, connection, signal, log, onAcknowledged });
    if (known === undefined) lanes.set(topic, lane);
    return lane;
  };
  return {
    async send({ topic, messages }, onRetry) {
      signal.throwIfAborted();
      const sent = messages.map((message) => laneOf(topic).push(message, onRetry));
      await Promise.allSettled(sent);
      await Promise.all(sent);
    },
    async disconnect() {
      const timer = setTimeout(() => closing.abort(new Error('the producer is closed')), flushMs);
      await Promise.all([...lanes.values()].map((lane) => lane.idle()));
      clearTimeout(timer);
      closing.abort(new Error('the producer is closed'));
      await connection.close();
    },
  };
}
