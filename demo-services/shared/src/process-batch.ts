import type { KafkaMessage } from 'kafkajs';
import { partitionKey } from './group-member.ts';
import { isMembershipLost } from './kafka-errors.ts';
import { keepMembership } from './membership.ts';
import { pause } from './time.ts';

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
  /** The serial work on one message: no effect outside yet. Never rejects. */
  readonly work: (batch: Batch, message: KafkaMessage) => Promise<Effect>;
  readonly stopping: () => boolean;
  /** Ends the waiting between attempts to commit: a shutdown that waits no longer. */
  readonly signal: AbortSignal;
  /** Answered, but the commit was refused: the offset by partition, see `answeredBefore`. */
  readonly uncommitted: Map<string, string>;
  readonly heartbeatIntervalMs: number;
  /** After this long the next partition has its turn. */
  readonly sliceMs: number;
  readonly now: () => number;
}

const commitAttempts = 5;
const commitPauseMs = 200;

/**
 * Works through a batch, one message at a time: work, effect, commit. The effect and the commit of a
 * message overlap with the work on the next one, whose own effect waits for them; so at most one
 * message is answered and not committed when the process is killed. Ends early, with every begun
 * message finished, when the slice is over, at a stop, and when the group rebalances.
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
    for (const message of batch.messages) {
      if (!mayBegin()) break;
      first = false;
      membership.beat();
      const effect = await beginWork(batch, message, ports);
      await finishing;
      finishing = finish(batch, message, effect, ports);
      finishing.catch(() => undefined); // looked at by the next await
    }
  } finally {
    membership.release();
    await finishing;
  }
  const lost = membership.lost();
  if (lost !== undefined) throw lost;
}

const nothingLeft: Effect = async () => undefined;

async function beginWork(batch: Batch, message: KafkaMessage, ports: BatchPorts): Promise<Effect> {
  return answeredBefore(batch, message, ports.uncommitted)
    ? nothingLeft
    : await ports.work(batch, message);
}

/**
 * Whether this member answered exactly this message just before a rebalance refused its commit, and
 * has got the partition back: then only the commit is missing.
 */
function answeredBefore(
  batch: Batch,
  message: KafkaMessage,
  uncommitted: Map<string, string>,
): boolean {
  const key = partitionKey(batch.topic, batch.partition);
  const answered = uncommitted.get(key) === message.offset;
  uncommitted.delete(key);
  return answered;
}

async function finish(
  batch: Batch,
  message: KafkaMessage,
  effect: Effect,
  ports: BatchPorts,
): Promise<void> {
  await effect();
  batch.resolve(message.offset);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await batch.commit(message.offset);
    } catch (error) {
      if (isMembershipLost(error) || attempt === commitAttempts || ports.signal.aborted) {
        ports.uncommitted.set(partitionKey(batch.topic, batch.partition), message.offset);
        throw error;
      }
      await pause(commitPauseMs * attempt, ports.signal);
    }
  }
}
