import { createWatchCache, type WatchCache, type WatchCacheOptions } from './watch-cache.ts';

export interface CollectionOptions<T> extends Omit<WatchCacheOptions<T>, 'namespace'> {
  /** Empty: all namespaces, with one watch. Else one watch for each. */
  readonly namespaces: readonly string[];
}

/** One cache over the namespaces the operator may see. */
export function createCollection<T>(options: CollectionOptions<T>): WatchCache<T> {
  const { namespaces, ...rest } = options;
  if (namespaces.length === 0) return createWatchCache({ ...rest, namespace: undefined });
  const caches = new Map(
    [...new Set(namespaces)].map((namespace) => [
      namespace,
      createWatchCache({ ...rest, namespace }),
    ]),
  );
  const all = [...caches.values()];
  const of = (key: string) => caches.get(key.slice(0, key.indexOf('/')));
  return {
    start: () => {
      for (const cache of all) cache.start();
    },
    close: async () => {
      await Promise.all(all.map((cache) => cache.close()));
    },
    hasSynced: () => all.every((cache) => cache.hasSynced()),
    listAgeMs: () => oldest(all.map((cache) => cache.listAgeMs())),
    get: (key) => of(key)?.get(key),
    *values() {
      for (const cache of all) yield* cache.values();
    },
    overlay: (item) => of(item.key)?.overlay(item),
  };
}

/** Undefined while any is: the oldest view counts. */
function oldest(ages: readonly (number | undefined)[]): number | undefined {
  return ages.reduce<number | undefined>(
    (max, age) => (max === undefined || age === undefined ? undefined : Math.max(max, age)),
    0,
  );
}
