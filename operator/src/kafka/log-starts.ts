import type { KafkaError } from './kafka-error.ts';

/**
 * The first readable offset only grows, and matters only to a group that retention has overtaken: read
 * again within this time. Until then such a group's lag may be too high by what was deleted meanwhile.
 */
const maxAgeMs = 30_000;
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

  isDue(partition: number, now: number): boolean {
    return this.#isOlder(partition, now, maxAgeMs);
  }

  mayComeAlong(partition: number, now: number): boolean {
    return this.#isOlder(partition, now, comesAlongMs);
  }

  #isOlder(partition: number, now: number, ageMs: number): boolean {
    const readAt = this.#readAt[partition];
    return readAt === undefined || now - readAt >= ageMs;
  }

  set(partition: number, offset: bigint, now: number): void {
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
