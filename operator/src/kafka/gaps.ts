import type { KafkaError } from './kafka-error.ts';

/**
 * What is behind the unknown partitions of a reading, in one sentence: the commonest trouble, which
 * names the broker, and how many others there are.
 * @returns undefined when there is none
 */
export function describeGaps(troubles: readonly KafkaError[]): string | undefined {
  const byMessage = [...Map.groupBy(troubles, (error) => error.message)];
  // The same sentence at every poll, whatever came first.
  const sorted = byMessage.toSorted(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  const [first] = sorted;
  if (!first) return undefined;
  const others = sorted.length - 1;
  return others === 0 ? first[0] : `${first[0]}; and ${others} more`;
}
