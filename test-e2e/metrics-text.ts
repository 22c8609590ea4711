/** What a /metrics endpoint answered. */
export interface MetricsText {
  readonly text: string;
  /** By name with labels as they are written, e.g. `up{job="x"}`. */
  readonly series: ReadonlyMap<string, number>;
  /** Sum over the series of a metric that carry all of these labels; undefined when there is none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

/** Prometheus text format as prom-client writes it: no timestamps, one series a line. */
export function parseMetrics(text: string): MetricsText {
  const series = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const end = line.lastIndexOf(' ');
    series.set(line.slice(0, end), Number(line.slice(end + 1)));
  }
  return {
    text,
    series,
    sum(name, labels = {}) {
      const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
      const found = [...series].filter(
        ([id]) =>
          (id === name || id.startsWith(`${name}{`)) && wanted.every((label) => id.includes(label)),
      );
      return found.length === 0 ? undefined : found.reduce((total, [, value]) => total + value, 0);
    },
  };
}
