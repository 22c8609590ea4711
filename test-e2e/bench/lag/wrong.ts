import type { Value } from './worker-protocol.ts';

export interface Comparison {
  /** Partitions that the truth names. */
  readonly compared: number;
  readonly wrong: number;
  /** Some of the wrong ones, in words. */
  readonly examples: readonly string[];
}

const shown = 5;

/** A partition that is missing, told twice, or unknown to the truth is as wrong as one with another value. */
export function countWrong(values: readonly Value[], truth: readonly Value[]): Comparison {
  const told = Map.groupBy(values, keyOf);
  const expected = new Map(truth.map((value) => [keyOf(value), value]));
  const problems = [
    ...[...expected].flatMap(([key, value]) => problemOf(told.get(key), value) ?? []),
    ...[...told.keys()].filter((key) => !expected.has(key)).map((key) => `${key}: does not exist`),
  ];
  return { compared: expected.size, wrong: problems.length, examples: problems.slice(0, shown) };
}

function problemOf(told: readonly Value[] = [], truth: Value): string | undefined {
  const seen = told.map(offsetsOf).join(', again ');
  const is = offsetsOf(truth);
  return seen === is ? undefined : `${keyOf(truth)}: ${seen || 'missing'}; it is ${is}`;
}

const keyOf = ({ group, topic, partition }: Value): string => `${group} ${topic}/${partition}`;

const offsetsOf = ({ committed, end, lag }: Value): string =>
  `committed ${committed} end ${end} lag ${lag}`;
