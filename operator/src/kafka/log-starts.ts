import { errorOfCode } from './codes.ts';
import type { KafkaError } from './kafka-error.ts';
import type { ListedOffset } from './transport.ts';

/**
 * The first readable offset only grows, and matters only to a group that retention has overtaken: read
 * again after this time. Until then such a group's lag may be too high by what was deleted meanwhile.
 */
const maxAgeMs = 30_000;
/** Where a leader is asked for those of many readings, some wait up to this for their turn. */
const overdueMs = 60_000;
/** A leader is asked again after this time: less than the usual poll, more than all readings of one take. */
const restMs = 4_000;
/** Beside others that are due: so those of different ticks fall into one by and by. */
const comesAlongMs = 15_000;
const none: ReadonlyMap<number, KafkaError> = new Map();

/** First readable offsets of one incarnation of a topic, on a schedule of their own. */
export class LogStarts {
  readonly #offsets: (bigint | undefined)[] = [];
  readonly #readAt: number[] = [];
  #troubles: Map<number, KafkaError> | undefined;

  /** The last known one; undefined while none is known. */
  get(partition: number): bigint | undefined {
    return this.#offsets[partition];
  }

  /** Milliseconds since the oldest of these was read; infinite when one has never been asked for. */
  ageOf(partitions: readonly number[], now: number): number {
    let oldest = 0;
    for (const partition of partitions) oldest = Math.max(oldest, this.#ageOf(partition, now));
    return oldest;
  }

  mayComeAlong(partition: number, now: number): boolean {
    return this.#ageOf(partition, now) >= comesAlongMs;
  }

  #ageOf(partition: number, now: number): number {
    const readAt = this.#readAt[partition];
    if (readAt !== undefined) return now - readAt;
    // What was asked for in vain waits for its turn like any other.
    return this.#troubles?.has(partition) ? maxAgeMs : Number.POSITIVE_INFINITY;
  }

  learn(topic: string, listed: readonly ListedOffset[], now: number): void {
    for (const { partitionIndex, errorCode, offset } of listed) {
      if (errorCode === 0 && offset >= 0n) this.#set(partitionIndex, offset, now);
      else {
        const subject = `log start of topic ${topic}, partition ${partitionIndex}`;
        this.fail(partitionIndex, errorOfCode(errorCode, subject));
      }
    }
  }

  #set(partition: number, offset: bigint, now: number): void {
    this.#offsets[partition] = offset;
    this.#readAt[partition] = now;
    this.#troubles?.delete(partition);
  }

  /** The last known one serves on; without one this is why. */
  fail(partition: number, error: KafkaError): void {
    if (this.#offsets[partition] !== undefined) return;
    this.#troubles ??= new Map();
    this.#troubles.set(partition, error);
  }

  /** Why those are not known that were asked for in vain, by partition. */
  get troubles(): ReadonlyMap<number, KafkaError> {
    return this.#troubles ?? none;
  }
}

/**
 * Asks each leader for log starts once in a tick, not once for each part of a tick's readings; those that
 * were never asked for, or are overdue, at once.
 */
export class LogStartPace {
  readonly #askedAt = new Map<number, number>();

  /**
   * @param ageMs of the oldest that is wanted of the leader
   * @returns whether it is to be asked now; then it is taken for asked
   */
  takeTurn(leader: number, ageMs: number, now: number): boolean {
    const rested = now - (this.#askedAt.get(leader) ?? Number.NEGATIVE_INFINITY);
    if (ageMs < maxAgeMs || (ageMs < overdueMs && rested < restMs)) return false;
    this.#askedAt.set(leader, now);
    return true;
  }
}
