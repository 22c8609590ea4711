import type { OwnedPartitions } from '../autoscaler/types.ts';

/**
 * What a member of a classic group owns, as its leader wrote it (ConsumerProtocolAssignment): a version,
 * topics with their partitions, and data of the assignor's own, which is left alone. The bytes are of a
 * client's making: whatever else they hold is undefined, never an error.
 */
export function decodeAssignment(assignment: Buffer): readonly OwnedPartitions[] | undefined {
  return understood(() => {
    const bytes = new Cursor(assignment);
    return times(bytes.topics(), () => {
      const topic = bytes.text();
      return { topic, partitions: times(bytes.count(), () => bytes.int32()) };
    });
  });
}

/** Whether there is any partition in it, without making anything of the rest. */
export function ownsPartitions(assignment: Buffer): boolean | undefined {
  return understood(() => {
    const bytes = new Cursor(assignment);
    for (let topics = bytes.topics(); topics > 0; topics -= 1) {
      bytes.skip(bytes.int16());
      if (bytes.count() > 0) return true;
    }
    return false;
  });
}

/** Reads big-endian values one after the other; throws a RangeError at the end, or for nonsense. */
class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** How many follow; a member that waits for its first assignment has no bytes at all. */
  topics(): number {
    if (this.#bytes.length === 0) return 0;
    this.int16(); // the version: newer ones only add to the end
    return this.count();
  }

  /** Of an array, -1 for none; what cannot fit is nonsense, and must not allocate. */
  count(): number {
    const count = this.int32();
    if (count > this.#bytes.length) throw new RangeError('more items than bytes');
    return Math.max(count, 0);
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  text(): string {
    const from = this.#at + 2;
    this.skip(this.int16());
    return this.#bytes.toString('utf8', from, this.#at);
  }

  skip(length: number): void {
    this.#at += length;
    if (length < 0 || this.#at > this.#bytes.length) throw new RangeError('beyond the end');
  }
}

function times<T>(count: number, each: () => T): readonly T[] {
  return Array.from({ length: count }, each);
}

function understood<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
