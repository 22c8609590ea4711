/**
 * Messages that this member answered just before a rebalance refused their commit: while it keeps the
 * partition, only the commit is missing when they come again.
 */
export interface Uncommitted {
  add(topic: string, partition: number, offsets: readonly string[]): void;
  /** Those of the offsets that were answered before; they are forgotten by this. */
  take(topic: string, partition: number, offsets: readonly string[]): ReadonlySet<string>;
  /** Forgets the partitions that are not held: another member may have gone on with them. */
  keepOnly(held: (topic: string, partition: number) => boolean): void;
}

interface Answered {
  readonly topic: string;
  readonly partition: number;
  readonly offsets: ReadonlySet<string>;
}

export function createUncommitted(): Uncommitted {
  let all: readonly Answered[] = [];
  const isOf = (topic: string, partition: number) => (answered: Answered) =>
    answered.topic === topic && answered.partition === partition;
  const replace = (topic: string, partition: number, offsets: ReadonlySet<string>) => {
    const matches = isOf(topic, partition);
    all = all.filter((answered) => !matches(answered));
    if (offsets.size > 0) all = [...all, { topic, partition, offsets }];
  };
  const known = (topic: string, partition: number): ReadonlySet<string> =>
    all.find(isOf(topic, partition))?.offsets ?? new Set();
  return {
    add(topic, partition, offsets) {
      replace(topic, partition, new Set([...known(topic, partition), ...offsets]));
    },
    take(topic, partition, offsets) {
      const before = known(topic, partition);
      const answered = new Set(offsets.filter((offset) => before.has(offset)));
      // A message that was not answered is beyond them all, and an offset may come back to life with
      // a topic of the same name.
      const beyond = answered.size < offsets.length;
      const left = beyond ? [] : [...before].filter((offset) => !answered.has(offset));
      replace(topic, partition, new Set(left));
      return answered;
    },
    keepOnly(held) {
      all = all.filter(({ topic, partition }) => held(topic, partition));
    },
  };
}
