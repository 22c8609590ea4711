import type { Message } from 'kafkajs';
import { type Delivery, type DeliveryPorts, deliverOnce } from './delivery.ts';
import { pause } from './time.ts';

/** The records on their way to one topic: one batch at a time, what comes meanwhile is the next. */
export interface Lane {
  /** Resolves when all in-sync replicas have the record. */
  push(message: Message, onRetry: () => void): Promise<void>;
  /** Something was tried in vain that concerns all of them. */
  retried(): void;
  /** Resolves when nothing is on its way. */
  idle(): Promise<void>;
}

export interface LanePorts extends DeliveryPorts {
  readonly onAcknowledged: (topic: string) => void;
}

interface Waiting extends Delivery {
  readonly bytes: number;
  readonly onRetry: () => void;
  fail(error: unknown): void;
}

const retryPauseMs = 500;
/** Well below what brokers take by default, so that only a record that is too large itself is refused. */
const batchBytes = 512 * 1024;
const batchRecords = 1_000;

export function createLane(ports: LanePorts): Lane {
  let inHand: readonly Waiting[] = [];
  let waiting: readonly Waiting[] = [];
  let working: Promise<void> | undefined;

  const retried = () => {
    const listeners = new Set([...inHand, ...waiting].map(({ onRetry }) => onRetry));
    for (const onRetry of listeners) onRetry();
  };

  const deliver = async (): Promise<void> => {
    for (let left: readonly Delivery[] = inHand; ; ) {
      left = await deliverOnce(left, ports);
      if (left.length === 0) return;
      retried();
      await pause(retryPauseMs, ports.signal);
    }
  };

  const work = async (): Promise<void> => {
    try {
      while (waiting.length > 0) {
        const count = batchLength(waiting);
        inHand = waiting.slice(0, count);
        waiting = waiting.slice(count);
        await deliver();
      }
    } catch (error) {
      for (const { fail } of [...inHand, ...waiting]) fail(error);
      waiting = [];
    } finally {
      inHand = [];
      working = undefined;
    }
  };

  return {
    push(message, onRetry) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const acknowledge = () => {
        ports.onAcknowledged(ports.topic);
        resolve();
      };
      const partition = message.partition;
      const record = { message, bytes: sizeOf(message), onRetry, partition, acknowledge };
      waiting = [...waiting, { ...record, refuse: reject, fail: reject }];
      // Begun in a microtask, so that what is sent side by side goes together.
      working ??= Promise.resolve().then(work);
      return promise;
    },
    retried,
    idle: async () => working,
  };
}

/** At least one. */
function batchLength(waiting: readonly Waiting[]): number {
  let bytes = 0;
  for (const [index, record] of waiting.entries()) {
    bytes += record.bytes;
    if (index > 0 && (bytes > batchBytes || index >= batchRecords)) return index;
  }
  return waiting.length;
}

/** About; headers are small. */
function sizeOf({ key, value }: Message): number {
  return (
    (key?.length ?? 0) +
    (typeof value === 'string' ? Buffer.byteLength(value) : (value?.length ?? 0))
  );
}
