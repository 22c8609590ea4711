import { empty, type PerColumn, withEntry } from './per-column.ts';
import type { PartitionOffsets } from './types.ts';

type Place = Pick<PartitionOffsets, 'topic' | 'partition'>;

/**
 * Which partition each column of the tables belongs to, and its offsets as numbers. Side by side in plain
 * arrays: an object for each partition would cost more than its offsets of a minute.
 */
export class Columns {
  #topics: readonly string[] = [];
  #partitions: readonly number[] = [];
  #topicIds: string[] = [];
  /** What offsets beyond 2^53 are counted from. */
  #bases: PerColumn<bigint> = empty();

  /**
   * Makes the columns those of a reading, in its order.
   * @returns for each the column it was before, undefined for a new one; undefined when nothing changed
   */
  arrange(partitions: readonly PartitionOffsets[]): readonly (number | undefined)[] | undefined {
    if (this.#fits(partitions)) return undefined;
    const keys = this.#topics.map((topic, i) =>
      keyOf({ topic, partition: this.#partitions[i] ?? -1 }),
    );
    const known = new Map(keys.map((key, i) => [key, i]));
    const from = partitions.map((p) => known.get(keyOf(p)));
    this.#topics = partitions.map((p) => p.topic);
    this.#partitions = partitions.map((p) => p.partition);
    this.#topicIds = partitions.map((p, i) => this.#topicIds[from[i] ?? -1] ?? p.topicId);
    const bases = from.map((column, i) => [i, this.#bases.get(column ?? -1)] as const);
    this.#bases = new Map(bases.flatMap(([i, base]) => (base === undefined ? [] : [[i, base]])));
    return from;
  }

  /** -1 for a partition that has none. */
  indexOf({ topic, partition }: Place): number {
    return this.#partitions.findIndex((p, i) => p === partition && this.#topics[i] === topic);
  }

  /** Takes over the topic id of a reading. @returns whether it was another one */
  isRecreated(column: number, { topicId }: PartitionOffsets): boolean {
    if (this.#topicIds[column] === topicId) return false;
    this.#topicIds[column] = topicId;
    return true;
  }

  /** An offset as a number, exact within 2^53 of the base of its column; NaN when unknown. */
  relative(column: number, offset: bigint | undefined): number {
    if (offset === undefined) return Number.NaN;
    const base = this.#bases.get(column);
    return Number(base === undefined ? offset : offset - base);
  }

  /** Counts from another offset: numbers from before have no meaning any more. */
  rebase(column: number, base: bigint): void {
    this.#bases = withEntry(this.#bases, column, base);
  }

  #fits(partitions: readonly PartitionOffsets[]): boolean {
    if (partitions.length !== this.#partitions.length) return false;
    return partitions.every(
      ({ topic, partition }, i) => this.#partitions[i] === partition && this.#topics[i] === topic,
    );
  }
}

function keyOf({ topic, partition }: Place): string {
  return `${topic}/${partition}`; // a topic name has no slash
}
