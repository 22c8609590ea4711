/**
 * The first readable offset only grows, and matters only to a group that retention has overtaken: read
 * again within this time. Until then such a group's lag may be too high by what was deleted meanwhile.
 */
const maxAgeMs = 30_000;
/** Beside others that are due: so those of different ticks fall into one by and by. */
const comesAlongMs = 15_000;

/** First readable offsets of one incarnation of a topic, on a schedule of their own. */
export class LogStarts {
  readonly #offsets: (bigint | undefined)[] = [];
  readonly #readAt: number[] = [];

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
  }
}
