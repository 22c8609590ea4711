import type { View } from '../controller.ts';

/** What a controller sees that only looks at the whole group, in records. */
export interface Totals {
  readonly lag: number;
  readonly end: number;
  readonly committed: number;
  readonly partitions: number;
}

/** Undefined as soon as one partition cannot be read: the query of a peer then fails as a whole. */
export function totalsOf({ offsets }: View): Totals | undefined {
  if (!offsets || offsets.readable.includes(0)) return undefined;
  const end = sum(offsets.end);
  const committed = sum(offsets.committed);
  return { lag: end - committed, end, committed, partitions: offsets.end.length };
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** How fast a counter grew over a window. */
export class RateWindow {
  readonly #windowSeconds: number;
  #points: (readonly [seconds: number, value: number])[] = [];

  constructor(windowSeconds: number) {
    this.#windowSeconds = windowSeconds;
  }

  /** Nothing that is known holds any more. */
  clear(): void {
    this.#points = [];
  }

  /** Seconds between the oldest point in the window and the newest. */
  get span(): number {
    return (this.#points.at(-1)?.[0] ?? 0) - (this.#points[0]?.[0] ?? 0);
  }

  /** @returns per second, never negative; undefined with fewer than two points */
  add(seconds: number, value: number): number | undefined {
    this.#points = this.#points.filter(([at]) => at >= seconds - this.#windowSeconds);
    this.#points.push([seconds, value]);
    const growth = value - (this.#points[0]?.[1] ?? value);
    return this.span > 0 ? Math.max(0, growth / this.span) : undefined;
  }
}
