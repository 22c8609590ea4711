import type { Clock } from '../controller/clock.ts';
import { type Backoff, createBackoff } from './backoff.ts';
import { type Change, createCacheEntries, type Item } from './cache-entries.ts';
import type { ApiRequest, KubeClient } from './client.ts';
import { isTransient, type KubeError, toKubeError } from './errors.ts';
import { collectionPath, keyOf, type RawObject, type Resource } from './resource.ts';
import { sleep } from './sleep.ts';
import { type WatchEvent, watchOnce } from './watch-stream.ts';

/** What a cache reports, for metrics and logs. */
export interface WatchHooks {
  /** A list or watch ended and will be started again; without an error it ended in good order. */
  onRestart?(resource: string, error: KubeError | undefined): void;
  /** `onChange` threw, which it must not; the object is cached all the same. */
  onHandlerError?(resource: string, error: unknown): void;
}

export interface WatchCacheOptions<T> extends WatchHooks {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly resource: Resource;
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  /** What is kept of an object (traps C13: the objects themselves are large and mutable). */
  readonly trim: (raw: RawObject) => T;
  /** Only enqueues a key: it runs inside the watch loop (traps C10). */
  readonly onChange: (change: Change<T>) => void;
  readonly pageSize?: number;
  readonly silenceMs?: number;
  readonly random?: () => number;
}

/** What every cache has in common: main.ts starts and closes them, readiness asks them. */
export interface WatchLifecycle {
  start(): void;
  /** Ends the loop; resolves when nothing of it runs any more. */
  close(): Promise<void>;
  /** True once a list has succeeded, and from then on (traps C8). */
  hasSynced(): boolean;
  /** Milliseconds since the last list that succeeded; undefined before the first. */
  listAgeMs(): number | undefined;
}

export interface WatchCache<T> extends WatchLifecycle {
  get(key: string): T | undefined;
  values(): Iterable<T>;
  /** Shows the answer to a write of our own until the watch has caught up with it. */
  overlay(item: Item<T>): void;
}

/** Objects per page of a list, as client-go. */
const defaultPageSize = 500;
/** The API server sends a bookmark each minute: a watch that is silent for longer may be dead. */
const defaultSilenceMs = 90_000;
/** A watch that lived so long was healthy: only then does the back-off start again (traps C11). */
const healthyAfterMs = 30_000;
/** List again after 5 to 10 minutes in any case: the net under events that never came. */
const minRelistMs = 300_000;
const relistSpreadMs = 300_000;

/**
 * A cache of one collection that cannot die: it owns the list/watch loop instead of the library's
 * informer, which stops for good at most errors (traps C7 to C13).
 */
export function createWatchCache<T>(options: WatchCacheOptions<T>): WatchCache<T> {
  const { client, clock, resource, random = Math.random } = options;
  const entries = createCacheEntries<T>(clock, notify);
  const path = collectionPath(resource, options.namespace);
  const stopped = new AbortController();
  const backoff = createBackoff(1000, 30_000, random);
  let resourceVersion: string | undefined; // undefined: a list is needed
  let relistAt = 0;
  let listedAt: number | undefined;
  let running: Promise<void> | undefined;

  function notify(change: Change<T>): void {
    try {
      options.onChange(change);
    } catch (error) {
      options.onHandlerError?.(resource.plural, error); // traps C10: the loop must not die of it
    }
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      const error = await listAndWatch().catch((e: unknown) => toKubeError(e, 'watch'));
      if (stopped.signal.aborted) return;
      if (error && needsList(error)) resourceVersion = undefined;
      options.onRestart?.(resource.plural, error);
      await sleep(clock, waitMs(backoff, error), stopped.signal);
    }
  }

  async function listAndWatch(): Promise<undefined> {
    if (resourceVersion === undefined || clock.monotonic() >= relistAt) await list();
    await watch();
  }

  async function list(): Promise<void> {
    const items: Item<T>[] = [];
    let version = '';
    let token: string | undefined;
    do {
      const page: ListPage = await client.request(listRequest(token));
      items.push(...(page.items ?? []).flatMap(trimmed));
      version = page.metadata.resourceVersion;
      token = page.metadata.continue || undefined;
    } while (token !== undefined);
    entries.replace(items); // in one step: nobody ever sees half a list
    resourceVersion = version;
    listedAt = clock.monotonic();
    relistAt = listedAt + minRelistMs + random() * relistSpreadMs;
  }

  function listRequest(token: string | undefined): ApiRequest {
    const query: Record<string, string> = { limit: String(options.pageSize ?? defaultPageSize) };
    if (token !== undefined) query['continue'] = token;
    return { verb: 'list', resource: resource.plural, path, query, signal: stopped.signal };
  }

  async function watch(): Promise<void> {
    const startedAt = clock.monotonic();
    const silenceMs = options.silenceMs ?? defaultSilenceMs;
    const open = (signal: AbortSignal) => client.stream(watchRequest(signal));
    try {
      await watchOnce({ clock, silenceMs, open, onEvent: apply }, stopped.signal);
    } finally {
      if (clock.monotonic() - startedAt >= healthyAfterMs) backoff.reset();
    }
  }

  function watchRequest(signal: AbortSignal): ApiRequest {
    const remainingMs = Math.max(relistAt - clock.monotonic(), 1000);
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: resourceVersion ?? '',
      timeoutSeconds: String(Math.ceil(remainingMs / 1000)), // the watch ends when the list is due
    };
    return { verb: 'watch', resource: resource.plural, path, query, signal };
  }

  function apply({ type, object }: WatchEvent): void {
    if (type === 'DELETED') entries.remove(keyOf(object.metadata));
    else if (type !== 'BOOKMARK') for (const item of trimmed(object)) entries.set(item);
    resourceVersion = object.metadata.resourceVersion;
  }

  /** One object that cannot be trimmed must not hide all others. */
  function trimmed(raw: RawObject): Item<T>[] {
    try {
      const { resourceVersion } = raw.metadata;
      return [{ key: keyOf(raw.metadata), resourceVersion, value: options.trim(raw) }];
    } catch (error) {
      options.onHandlerError?.(resource.plural, error);
      return [];
    }
  }

  return {
    start() {
      running ??= run();
    },
    async close() {
      stopped.abort();
      await running;
    },
    hasSynced: () => listedAt !== undefined,
    listAgeMs: () => (listedAt === undefined ? undefined : clock.monotonic() - listedAt),
    get: (key) => entries.get(key),
    values: () => entries.values(),
    overlay: (item) => entries.overlay(item),
  };
}

interface ListPage {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items?: readonly RawObject[] | null;
}

/** After trouble on the way the watch resumes; after an answer that refuses it, only a list helps. */
function needsList(error: KubeError): boolean {
  return !isTransient(error);
}

function waitMs(backoff: Backoff, error: KubeError | undefined): number {
  return Math.max(backoff.nextMs(), error?.retryAfterMs ?? 0);
}
