import { serializeEnvelope } from '@lagscaler/demo-shared/envelope.ts';
import type { Logger } from '@lagscaler/demo-shared/log.ts';
import { RecordRefusedError } from '@lagscaler/demo-shared/producer.ts';
import { orAborted, pause } from '@lagscaler/demo-shared/time.ts';
import type { Message } from 'kafkajs';
import { createInHand } from './in-hand.ts';
import { refusedByKafka } from './operation.ts';
import { repeat } from './repeat.ts';
import type { OperationStore, OutboxStore, Unsent } from './store.ts';

export interface OutboxTiming {
  /** So long a message belongs to the process that takes it in hand, which renews that in time. */
  readonly leaseMs: number;
  /** Between two looks for messages that nobody has in hand; random from 0.7 to 1.3 of it. */
  readonly sweepMs: number;
  /** Between two rounds of telling the store what has been done. */
  readonly noteMs: number;
  /** How long a stop waits for the messages in hand. */
  readonly flushMs: number;
}

export const outboxTiming: OutboxTiming = {
  leaseMs: 5_000,
  sweepMs: 1_000,
  noteMs: 100,
  flushMs: 5_000,
};

export interface OutboxPorts {
  readonly store: OutboxStore & Pick<OperationStore, 'finish'>;
  /** Resolves when Kafka has the message; goes on trying until then. @throws RecordRefusedError */
  readonly send: (message: Message) => Promise<void>;
  readonly log: Logger;
  readonly timing: OutboxTiming;
}

/**
 * Sends what was stored with its operation. A message goes out right after the insert, from memory;
 * what a killed or overloaded process leaves behind is found by the sweep of any replica. Every
 * message is sent at least once, and its mark in the store is cleared only then.
 */
export interface Outbox {
  /** Sends a message that was stored just now. Returns at once; when too many wait, a sweep sends it. */
  offer(unsent: Unsent): void;
  /** The insert of this operation was given up: should it have happened all the same, it is undone. */
  revoke(uuid: string): void;
  /** Sends what it can in a few seconds; the rest stays stored for the next sweep. Never rejects. */
  stop(): Promise<void>;
}

const sweepBatch = 100;
const longestRestMs = 30_000;
const lookPauseMs = 20;

export function createOutbox({ store, send, log, timing }: OutboxPorts): Outbox {
  const inHand = createInHand(store, timing.leaseMs, () => performance.now());
  const stopping = new AbortController();
  const abandoned = new AbortController();

  /** Never rejects: a failure leaves the message to a sweep. */
  const publish = async ({ operation, headers }: Unsent): Promise<void> => {
    const { uuid } = operation;
    const value = serializeEnvelope(operation);
    inHand.take(uuid, value.length);
    try {
      await orAborted(send({ key: uuid, value, headers: { ...headers } }), abandoned.signal);
      inHand.sent(uuid);
    } catch (error) {
      if (error instanceof RecordRefusedError) await fail(uuid, error);
      inHand.drop(uuid);
    }
  };

  const fail = async (uuid: string, error: RecordRefusedError): Promise<void> => {
    log.error({ err: error, operation: uuid }, 'Kafka refuses the message: the operation fails');
    // When the store is down too, a sweep meets this message again.
    await store.finish(refusedByKafka(uuid)).catch(() => undefined);
  };

  const claim = async (): Promise<readonly Unsent[]> => {
    const room = Math.min(sweepBatch, inHand.room());
    const claimed = room > 0 ? await store.claim(room, timing.leaseMs) : [];
    return claimed.filter(
      ({ operation: { uuid } }) => !(inHand.has(uuid) || inHand.isRevoked(uuid)),
    );
  };

  const sweep = async (): Promise<number> => {
    const startedAt = performance.now();
    const left = await claim();
    // A store that must look at everything is not kept busy by looking.
    const tookMs = performance.now() - startedAt;
    const restMs = Math.max(timing.sweepMs, Math.min(20 * tookMs, longestRestMs));
    if (left.length > 0) log.info({ messages: left.length }, 'sending what was left unsent');
    await Promise.all(left.map(publish));
    return left.length === sweepBatch ? 0 : restMs * (0.7 + 0.6 * Math.random());
  };

  const note = async (): Promise<number> => {
    await inHand.note();
    return timing.noteMs;
  };

  const sweeping = repeat({
    what: 'the sweep of the outbox',
    round: sweep,
    // When the store is back, each process first undoes what it has given up meanwhile.
    pauseAfterErrorMs: timing.leaseMs,
    log,
    signal: stopping.signal,
  });
  const noting = repeat({
    what: 'telling the store what has been sent',
    round: note,
    pauseAfterErrorMs: timing.sweepMs / 2,
    log,
    signal: abandoned.signal,
  });

  return {
    offer(unsent) {
      if (inHand.room() > 0) void publish(unsent);
    },
    revoke: inHand.revoke,
    async stop() {
      stopping.abort();
      const until = performance.now() + timing.flushMs;
      while (!inHand.isEmpty() && performance.now() < until) {
        await pause(lookPauseMs, abandoned.signal);
      }
      abandoned.abort();
      await Promise.all([sweeping, noting]);
    },
  };
}
