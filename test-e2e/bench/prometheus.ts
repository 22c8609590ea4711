import { sum } from './statistics.ts';

/** One line of a /metrics answer. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads what the operator writes: no timestamps, no exemplars. */
export function parseSeries(text: string): Series[] {
  const series: Series[] = [];
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (!name || value === undefined) continue;
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
    series.push({
      name,
      labels: Object.fromEntries(pairs.map(([, key = '', text = '']) => [key, text])),
      value: Number(value),
    });
  }
  return series;
}

/** Sums of one metric, by what `keyOf` makes of the labels; undefined leaves a series out. */
export function totals(
  series: readonly Series[],
  name: string,
  keyOf: (labels: Series['labels']) => string | undefined,
): Map<string, number> {
  const found = new Map<string, number>();
  for (const one of series) {
    const key = one.name === name ? keyOf(one.labels) : undefined;
    if (key !== undefined) found.set(key, (found.get(key) ?? 0) + one.value);
  }
  return found;
}

export function total(counts: ReadonlyMap<string, number>): number {
  return sum([...counts.values()]);
}

/** What was added between two looks; what did not change is left out. */
export function difference(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Map<string, number> {
  const changes = [...after].map(([key, value]) => [key, value - (before.get(key) ?? 0)] as const);
  return new Map(changes.filter(([, value]) => value !== 0));
}
