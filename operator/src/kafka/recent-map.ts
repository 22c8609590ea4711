import type { Clock } from '../controller/clock.ts';

/** Entries nobody asked for in this time are forgotten; long polls simply look them up again. */
const keepMs = 600_000;

/** A cache that cannot grow without bound: what is no longer asked for goes. */
export class RecentMap<V> {
  readonly #clock: Clock;
  readonly #entries = new Map<string, { value: V; usedAt: number }>();
  #sweepAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sweepAt = clock.now() + keepMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry) entry.usedAt = this.#clock.now();
    return entry?.value;
  }

  /** Does not count as use. */
  peek(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  /** A new value for a known key does not count as use: a refresh must not keep it for ever. */
  set(key: string, value: V): void {
    const now = this.#clock.now();
    this.#entries.set(key, { value, usedAt: this.#entries.get(key)?.usedAt ?? now });
    if (now >= this.#sweepAt) this.#sweep(now);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Does not count as use. */
  forEach(visit: (value: V, key: string) => void): void {
    this.#entries.forEach(({ value }, key) => {
      visit(value, key);
    });
  }

  #sweep(now: number): void {
    this.#sweepAt = now + keepMs;
    for (const [key, { usedAt }] of this.#entries) {
      if (usedAt <= now - keepMs) this.#entries.delete(key);
    }
  }
}
