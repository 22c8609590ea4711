import { type ApiClient, ApiError, reasonOf } from './api.ts';
import { sleep } from './clock.ts';
import type { ObjectMeta } from './types.ts';

/** Which objects are watched. */
export interface Watched {
  /** For people, such as `pods of n1`. */
  readonly title: string;
  readonly path: string;
  readonly fieldSelector: string;
}

/** What the loop tells. Handlers must not throw (traps C10). */
export interface ObjectHandlers<T> {
  /** The whole truth after a list: objects that are not in it do not exist any more. */
  replaced(objects: readonly T[]): void;
  changed(object: T): void;
  deleted(object: T): void;
}

interface ObjectList<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[];
}

interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T & { readonly code?: number; readonly message?: string };
}

interface HasMeta {
  readonly metadata: ObjectMeta;
}

const pageSize = 500;
const watchSeconds = 240;
const relistEveryMs = 300_000;
/** The server sends a bookmark each minute: a longer silence is a dead connection (traps C12). */
const silenceMs = 100_000;
const backoff = { firstMs: 200, maxMs: 3_000, resetAfterMs: 30_000 };

/**
 * Lists and watches objects until the signal aborts; no failure ends it (traps C7 to C13). A watch
 * that ends in order goes on from the version last seen; every failure relists.
 */
export async function watchObjects<T extends HasMeta>(
  api: ApiClient,
  watched: Watched,
  handlers: ObjectHandlers<T>,
  signal: AbortSignal,
): Promise<void> {
  let waitMs = backoff.firstMs;
  let told = ''; // an outage is told once, not at each try
  while (!signal.aborted) {
    const startedAt = performance.now();
    try {
      await listAndWatch(api, watched, handlers, signal);
    } catch (error) {
      const why = reasonOf(error);
      if (!signal.aborted && why !== told) console.warn(`${watched.title}: ${why}; listing again`);
      told = why;
    }
    const lived = performance.now() - startedAt;
    waitMs = lived > backoff.resetAfterMs ? backoff.firstMs : Math.min(waitMs * 2, backoff.maxMs);
    await sleep(waitMs * (0.5 + Math.random() / 2), signal);
  }
}

async function listAndWatch<T extends HasMeta>(
  api: ApiClient,
  watched: Watched,
  handlers: ObjectHandlers<T>,
  signal: AbortSignal,
): Promise<void> {
  const { objects, version } = await listObjects<T>(api, watched, signal);
  handlers.replaced(objects);
  const relistAt = performance.now() + relistEveryMs;
  let seen = version;
  while (!signal.aborted && performance.now() < relistAt) {
    seen = await watchOnce(api, watchPath(watched, seen), handlers, signal, seen);
  }
}

const selected = ({ path, fieldSelector }: Watched) =>
  `${path}?fieldSelector=${encodeURIComponent(fieldSelector)}`;

function watchPath(watched: Watched, version: string): string {
  const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=${watchSeconds}`;
  return `${selected(watched)}&${query}&resourceVersion=${version}`;
}

async function listObjects<T>(api: ApiClient, watched: Watched, signal: AbortSignal) {
  const objects: T[] = [];
  let next = '';
  for (;;) {
    const more = next && `&continue=${encodeURIComponent(next)}`;
    const path = `${selected(watched)}&limit=${pageSize}${more}`;
    const page: ObjectList<T> = await api.get<ObjectList<T>>(path, signal);
    objects.push(...page.items);
    next = page.metadata.continue ?? '';
    if (!next) return { objects, version: page.metadata.resourceVersion };
  }
}

/** One watch until it closes in order; returns the version last seen. */
async function watchOnce<T extends HasMeta>(
  api: ApiClient,
  path: string,
  handlers: ObjectHandlers<T>,
  signal: AbortSignal,
  from: string,
): Promise<string> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error('the watch went silent')), silenceMs);
  const startedAt = performance.now();
  let seen = from;
  try {
    for await (const line of api.lines(path, AbortSignal.any([signal, silence.signal]))) {
      timer.refresh();
      const event = JSON.parse(line) as WatchEvent<T>;
      deliver(event, handlers);
      seen = event.object.metadata.resourceVersion ?? seen;
    }
    // A server that closes at once would be asked in a tight loop: let the caller back off.
    if (performance.now() - startedAt < 1000) throw new Error('the watch was closed at once');
    return seen;
  } finally {
    clearTimeout(timer);
  }
}

function deliver<T>(event: WatchEvent<T>, handlers: ObjectHandlers<T>): void {
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
      handlers.changed(event.object);
      break;
    case 'DELETED':
      handlers.deleted(event.object);
      break;
    case 'BOOKMARK':
      break;
    case 'ERROR': {
      const { code, message } = event.object;
      throw new ApiError(code ?? 0, 'WatchError', message ?? 'the watch reported an error');
    }
  }
}
