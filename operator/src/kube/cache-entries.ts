import type { Clock } from '../controller/clock.ts';

/** What changed; `previous` is undefined for a new object, `current` for a deleted one. */
export interface Change<T> {
  readonly key: string;
  readonly previous: T | undefined;
  readonly current: T | undefined;
}

/** A trimmed object on its way into the cache. */
export interface Item<T> {
  /** `namespace/name`. */
  readonly key: string;
  readonly resourceVersion: string;
  readonly value: T;
}

export interface CacheEntries<T> {
  get(key: string): T | undefined;
  values(): Iterable<T>;
  set(item: Item<T>): void;
  remove(key: string): void;
  /** The cache becomes these items in one step; then come the notifications. */
  replace(items: readonly Item<T>[]): void;
  /** The answer to a write of our own: shown until the watch has caught up with it. */
  overlay(item: Item<T>): void;
}

interface Entry<T> extends Item<T> {
  /** Until then older events and lists don't replace this entry (monotonic milliseconds). */
  readonly aheadUntil?: number;
}

/**
 * How long the answer to our own write beats what the watch says. Bounded, since after a restore of
 * etcd from a backup resourceVersions go backwards and the write would be shown for ever.
 */
const aheadMs = 30_000;

/** The objects of a watch cache; `notify` hears of each change after it can be read. */
export function createCacheEntries<T>(
  clock: Clock,
  notify: (change: Change<T>) => void,
): CacheEntries<T> {
  let entries = new Map<string, Entry<T>>();

  function put(entry: Entry<T>): void {
    const previous = entries.get(entry.key);
    entries.set(entry.key, entry);
    report(entry.key, previous, entry);
  }

  function report(
    key: string,
    previous: Entry<T> | undefined,
    current: Entry<T> | undefined,
  ): void {
    // Equal versions are the same object: after a list most of them, and the echo of our own write.
    if (previous?.resourceVersion === current?.resourceVersion) return;
    notify({ key, previous: previous?.value, current: current?.value });
  }

  /** What to keep when the server says `item`: that, or an answer of our own that is newer. */
  function newest(item: Item<T>): Entry<T> {
    const current = entries.get(item.key);
    const isAhead = (current?.aheadUntil ?? 0) > clock.monotonic();
    return current && isAhead && isOlder(item, current) ? current : item;
  }

  return {
    get: (key) => entries.get(key)?.value,
    *values() {
      for (const entry of entries.values()) yield entry.value;
    },
    set: (item) => put(newest(item)),
    remove(key) {
      const previous = entries.get(key);
      entries.delete(key);
      report(key, previous, undefined);
    },
    replace(items) {
      const before = entries;
      const after = new Map(items.map((item) => [item.key, newest(item)]));
      entries = after;
      for (const [key, entry] of before) if (!after.has(key)) report(key, entry, undefined);
      for (const [key, entry] of after) report(key, before.get(key), entry);
    },
    overlay(item) {
      const current = entries.get(item.key);
      // Deleted meanwhile, or the watch was faster than the answer.
      if (!current || isOlder(item, current)) return;
      put({ ...item, aheadUntil: clock.monotonic() + aheadMs });
    },
  };
}

/** Versions grow with each write to the store; one that is no number is never taken for older. */
function isOlder(a: Item<unknown>, b: Item<unknown>): boolean {
  const [left, right] = [a.resourceVersion, b.resourceVersion];
  return isNumber(left) && isNumber(right) && BigInt(left) < BigInt(right);
}

function isNumber(version: string): boolean {
  return /^\d+$/.test(version);
}
