import type { KafkaMessage } from 'kafkajs';
import { type Chunk, chunksOf } from './chunks.ts';
import { isMembershipLost } from './kafka-errors.ts';
import { keepMembership } from './membership.ts';
import { pause } from './time.ts';
import type { Uncommitted } from './uncommitted.ts';

/** What is left to do for a message when its work is done: answer it. Resolves when that is durable. */
export type Effect = () => Promise<void>;

/** One fetched batch of one partition, as kafkajs hands it over. */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly KafkaMessage[];
  /** Sends a heartbeat when one is due. @throws when the member has to join again */
  heartbeat(): Promise<void>;
  /** The next fetch begins behind this offset. */
  resolve(offset: string): void;
  /** Commits the position behind this offset. */
  commit(offset: string): Promise<void>;
}

export interface BatchPorts {
  /**
   * The work on one message: its effects outside are safe to repeat. Rejects only when a shutdown waits
   * no longer; the message is then left as it is.
   */
  readonly work: (batch: Batch, message: KafkaMessage) => Promise<Effect>;
  /** Messages in hand at once, at least 1. */
  readonly concurrency: number;
  readonly stopping: () => boolean;
  /** Ends the waiting between attempts to commit: a shutdown that waits no longer. */
  readonly signal: AbortSignal;
  /** Answered, but the commit was refused. */
  readonly uncommitted: Uncommitted;
  readonly heartbeatIntervalMs: number;
  /** After this long the next partition has its turn. */
  readonly sliceMs: number;
  readonly now: () => number;
}

const commitAttempts = 5;
const commitPauseMs = 200;

/**
 * Works through a batch in chunks: work, effects, one commit for each chunk. Ends early, with every
 * begun message finished, when the slice is over, at a stop, and when the group rebalances.
 *
 * With a concurrency of 1 the effect and the commit of a message overlap with the work on the next
 * one, whose own effect waits for them; so at most one message is answered and not committed when the
 * process is killed. Above that, chunks follow one another, and a killed process leaves at most one
 * chunk that is answered and not committed.
 * @throws what kafkajs must see to join again: the error of a heartbeat or a commit
 */
export async function processBatch(batch: Batch, ports: BatchPorts): Promise<void> {
  const membership = keepMembership(batch.heartbeat, ports.heartbeatIntervalMs);
  const until = ports.now() + ports.sliceMs;
  let finishing: Promise<void> = Promise.resolve();
  let first = true;
  const mayBegin = () =>
    !ports.stopping() && membership.lost() === undefined && (first || ports.now() < until);
  try {
    for (const chunk of chunksOf(batch.messages, ports.concurrency)) {
      if (!mayBegin()) break;
      first = false;
      membership.beat();
      const effects = await beginWork(batch, chunk, ports);
      await finishing;
      finishing = finish(batch, chunk, effects, ports);
      finishing.catch(() => undefined); // looked at by the next await
      if (ports.concurrency > 1) await finishing;
    }
  } finally {
    membership.release();
    await finishing;
  }
  const lost = membership.lost();
  if (lost !== undefined) throw lost;
}

const nothingLeft: Effect = async () => undefined;

async function beginWork(
  batch: Batch,
  chunk: Chunk,
  { uncommitted, work }: BatchPorts,
): Promise<readonly Effect[]> {
  const answered = uncommitted.take(batch.topic, batch.partition, offsetsOf(chunk));
  return allOf(
    chunk.map(async (message) =>
      answered.has(message.offset) ? nothingLeft : await work(batch, message),
    ),
  );
}

async function finish(
  batch: Batch,
  chunk: Chunk,
  effects: readonly Effect[],
  ports: BatchPorts,
): Promise<void> {
  await allOf(effects.map((effect) => effect()));
  const { offset } = chunk[chunk.length - 1] ?? chunk[0];
  batch.resolve(offset);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await batch.commit(offset);
    } catch (error) {
      if (isMembershipLost(error) || attempt === commitAttempts || ports.signal.aborted) {
        ports.uncommitted.add(batch.topic, batch.partition, offsetsOf(chunk));
        throw error;
      }
      await pause(commitPauseMs * attempt, ports.signal);
    }
  }
}

function offsetsOf(chunk: Chunk): readonly string[] {
  return chunk.map(({ offset }) => offset);
}

/** All have come to an end before it rejects: none goes on behind the back of the next chunk. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
