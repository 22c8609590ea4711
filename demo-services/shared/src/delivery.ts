import { type Message, Partitioners, type PartitionMetadata } from 'kafkajs';
import { errorKind, isRecordRefused, isRetriable } from './kafka-errors.ts';
import type { Logger } from './log.ts';
import type { PlacedMessage, ProducerConnection, ProducerSession } from './producer-connection.ts';
import { orAborted } from './time.ts';

/** The brokers will never take this record, such as one larger than they allow. */
export class RecordRefusedError extends Error {
  override readonly name = 'RecordRefusedError';
}

/** A record on its way. */
export interface Delivery {
  readonly message: Message;
  /** Decided once, so that a repeated request is the same request and Kafka can tell. */
  partition: number | undefined;
  acknowledge(): void;
  refuse(error: RecordRefusedError): void;
}

type Placed = Delivery & { partition: number };

export interface DeliveryPorts {
  readonly topic: string;
  readonly connection: ProducerConnection;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

const partitionOf = Partitioners.DefaultPartitioner();

/**
 * One attempt for all of them, one request for each leader.
 * @returns those neither acknowledged nor refused: to be tried again, none added in between. Each
 *   partition's records stay together then, by which Kafka knows a repeated request
 * @throws the signal's reason once it aborts
 */
export async function deliverOnce(
  deliveries: readonly Delivery[],
  ports: DeliveryPorts,
): Promise<readonly Delivery[]> {
  try {
    const session = await orAborted(ports.connection.get(), ports.signal);
    const partitions = await orAborted(session.partitions(ports.topic), ports.signal);
    const groups = byLeader(deliveries, ports.topic, partitions);
    const left = await Promise.all(groups.map((group) => sendGroup(group, session, ports)));
    return left.flat();
  } catch (error) {
    ports.signal.throwIfAborted();
    warn(ports, error);
    return deliveries;
  }
}

function byLeader(
  deliveries: readonly Delivery[],
  topic: string,
  partitions: readonly PartitionMetadata[],
): readonly (readonly Placed[])[] {
  const leaders = new Map(partitions.map(({ partitionId, leader }) => [partitionId, leader]));
  const placed = deliveries.map((delivery): Placed => {
    const { partition, message } = delivery;
    if (partition === undefined || !leaders.has(partition)) {
      delivery.partition = partitionOf({ topic, partitionMetadata: [...partitions], message });
    }
    return delivery as Placed;
  });
  return [...Map.groupBy(placed, ({ partition }) => leaders.get(partition)).values()];
}

async function sendGroup(
  group: readonly Placed[],
  session: ProducerSession,
  ports: DeliveryPorts,
): Promise<readonly Placed[]> {
  const messages = group.map(
    ({ message, partition }): PlacedMessage => ({ ...message, partition }),
  );
  try {
    const answered = await orAborted(session.send(ports.topic, messages), ports.signal);
    for (const delivery of group) if (answered.has(delivery.partition)) delivery.acknowledge();
    const unanswered = group.filter(({ partition }) => !answered.has(partition));
    if (unanswered.length > 0) {
      ports.log.warn({ topic: ports.topic, records: unanswered.length }, 'records got no answer');
    }
    return unanswered;
  } catch (error) {
    ports.signal.throwIfAborted();
    if (isRecordRefused(error)) return sendApart(group, error, session, ports);
    warn(ports, error);
    if (!isRetriable(error)) await session.drop();
    return group;
  }
}

/**
 * Finds the refused record. First by partition: the others may have been written by this very request,
 * and only a request with the same records of a partition is known to Kafka as a repeated one.
 */
async function sendApart(
  group: readonly Placed[],
  error: unknown,
  session: ProducerSession,
  ports: DeliveryPorts,
): Promise<readonly Placed[]> {
  const parts = apart(group);
  if (parts.length === 1) {
    const text = `${ports.topic} refuses the record`;
    for (const { refuse } of group) refuse(new RecordRefusedError(text, { cause: error }));
    return [];
  }
  const left: Placed[] = [];
  for (const part of parts) {
    // What is left goes before the records behind it.
    const waits = left.some(({ partition }) => partition === part[0]?.partition);
    left.push(...(waits ? part : await sendGroup(part, session, ports)));
  }
  return left;
}

/** By partition; if there is one only, its records in two halves, if there are two. */
function apart(group: readonly Placed[]): readonly (readonly Placed[])[] {
  const partitions = [...Map.groupBy(group, ({ partition }) => partition).values()];
  if (partitions.length > 1 || group.length === 1) return partitions;
  const middle = Math.ceil(group.length / 2);
  return [group.slice(0, middle), group.slice(middle)];
}

function warn({ log, topic }: DeliveryPorts, error: unknown): void {
  log.warn({ err: error, topic, kind: errorKind(error) }, 'cannot produce yet');
}
