import type { Clock } from '../controller/clock.ts';
import { createBackoff } from './backoff.ts';
import type { KubeClient } from './client.ts';
import { isTransient, type KubeError, toKubeError } from './errors.ts';
import { collectionPath, type RawObject, type Resource } from './resource.ts';
import { sleep } from './sleep.ts';
import type { WatchHooks } from './watch-cache.ts';
import { watchOnce } from './watch-stream.ts';

export interface ObjectWatchOptions<T> extends Pick<WatchHooks, 'onRestart'> {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  /** What is kept of the object. */
  readonly trim: (raw: RawObject) => T;
  readonly random?: () => number;
}

export type Watched<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'missing' }
  | { readonly kind: 'failed'; readonly error: KubeError };

export interface ObjectWatch<T> {
  /** What is known now; waits only for the first answer of the API server. */
  current(): Promise<Watched<T>>;
  /** Ends the loop; resolves when nothing of it runs any more. */
  close(): Promise<void>;
}

/** A watch of one object is cheap to begin anew, and a GET between two finds what was missed. */
const watchMs = 300_000;
const watchSpreadMs = 300_000;
/** As for collections: silent for longer than the bookmarks allow. */
const silenceMs = 90_000;
const healthyAfterMs = 30_000;
/** Without the permission to watch the object is asked for this often. */
const pollMs = 30_000;
/** An API server that restarts must not make us forget what we knew. */
const staleMs = 600_000;

/**
 * Follows one object by its name: GET, then a watch with a field selector, for which a Role with
 * `resourceNames` is enough; over and over.
 */
export function createObjectWatch<T>(options: ObjectWatchOptions<T>): ObjectWatch<T> {
  const { client, clock, resource, namespace, name, random = Math.random } = options;
  const collection = collectionPath(resource, namespace);
  const stopped = new AbortController();
  const backoff = createBackoff(1000, 30_000, random);
  const first = Promise.withResolvers<void>();
  let state: Watched<T> | undefined;
  let foundAt = 0;

  function found(raw: RawObject): void {
    foundAt = clock.monotonic();
    learn({ kind: 'found', value: options.trim(raw) });
  }

  function learn(next: Watched<T>): void {
    state = next;
    first.resolve();
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      const error = await getAndWatch().catch((e: unknown) => toKubeError(e, 'watch'));
      if (stopped.signal.aborted) return;
      options.onRestart?.(resource.plural, error);
      await sleep(clock, waitMs(error), stopped.signal);
    }
  }

  function waitMs(error: KubeError | undefined): number {
    const least = error?.code === 'Forbidden' ? pollMs : (error?.retryAfterMs ?? 0);
    return Math.max(backoff.nextMs(), least);
  }

  async function getAndWatch(): Promise<undefined> {
    await watch(await get());
  }

  /** @returns the resourceVersion to watch from; undefined while there is no object */
  async function get(): Promise<string | undefined> {
    const path = `${collection}/${encodeURIComponent(name)}`;
    const request = {
      verb: 'get',
      resource: resource.plural,
      path,
      signal: stopped.signal,
    } as const;
    try {
      const raw = await client.request<RawObject>(request);
      found(raw);
      return raw.metadata.resourceVersion;
    } catch (thrown) {
      const error = toKubeError(thrown, 'get');
      if (error.code === 'NotFound') learn({ kind: 'missing' });
      else fail(error);
      if (error.code !== 'NotFound') throw error;
      return undefined;
    }
  }

  function fail(error: KubeError): void {
    const young = state?.kind === 'found' && clock.monotonic() - foundAt < staleMs;
    if (!young || !isTransient(error)) learn({ kind: 'failed', error });
  }

  async function watch(resourceVersion: string | undefined): Promise<void> {
    const startedAt = clock.monotonic();
    const timeoutMs = watchMs + random() * watchSpreadMs;
    const query = {
      watch: 'true',
      fieldSelector: `metadata.name=${name}`,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(Math.ceil(timeoutMs / 1000)),
      // Without one the watch begins with the object as it is, should it have been made meanwhile.
      ...(resourceVersion !== undefined && { resourceVersion }),
    };
    const request = { verb: 'watch', resource: resource.plural, path: collection, query } as const;
    const open = (signal: AbortSignal) => client.stream({ ...request, signal });
    try {
      await watchOnce({ clock, silenceMs, open, onEvent }, stopped.signal);
    } finally {
      if (clock.monotonic() - startedAt >= healthyAfterMs) backoff.reset();
    }
  }

  function onEvent({ type, object }: { readonly type: string; readonly object: RawObject }): void {
    if (type === 'DELETED') learn({ kind: 'missing' });
    else if (type !== 'BOOKMARK') found(object);
    foundAt = clock.monotonic(); // a bookmark too says that what we know is true
  }

  const running = run();
  return {
    async current() {
      await first.promise;
      return state ?? { kind: 'missing' };
    },
    async close() {
      stopped.abort();
      first.resolve();
      await running;
    },
  };
}
