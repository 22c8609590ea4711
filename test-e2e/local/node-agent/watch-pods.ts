import { type ApiClient, ApiError, reasonOf } from './api.ts';
import { sleep } from './clock.ts';
import type { Pod } from './types.ts';

/** What the loop tells. Handlers must not throw (traps C10). */
export interface PodHandlers {
  /** The whole truth after a list: pods that are not in it do not exist any more. */
  replaced(pods: readonly Pod[]): void;
  changed(pod: Pod): void;
  deleted(pod: Pod): void;
}

interface PodList {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly Pod[];
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Pod & { readonly code?: number; readonly message?: string };
}

const pageSize = 500;
const watchSeconds = 240;
const relistEveryMs = 300_000;
/** The server sends a bookmark each minute: a longer silence is a dead connection (traps C12). */
const silenceMs = 100_000;
const backoff = { firstMs: 200, maxMs: 3_000, resetAfterMs: 30_000 };

/**
 * Lists and watches the pods of one node until the signal aborts; no failure ends it (traps C7 to
 * C13). A watch that ends in order goes on from the version last seen; every failure relists.
 */
export async function watchPods(
  api: ApiClient,
  node: string,
  handlers: PodHandlers,
  signal: AbortSignal,
): Promise<void> {
  let waitMs = backoff.firstMs;
  let told = ''; // an outage is told once, not at each try
  while (!signal.aborted) {
    const startedAt = performance.now();
    try {
      await listAndWatch(api, node, handlers, signal);
    } catch (error) {
      const why = reasonOf(error);
      if (!signal.aborted && why !== told) console.warn(`pods of ${node}: ${why}; listing again`);
      told = why;
    }
    const lived = performance.now() - startedAt;
    waitMs = lived > backoff.resetAfterMs ? backoff.firstMs : Math.min(waitMs * 2, backoff.maxMs);
    await sleep(waitMs * (0.5 + Math.random() / 2), signal);
  }
}

async function listAndWatch(
  api: ApiClient,
  node: string,
  handlers: PodHandlers,
  signal: AbortSignal,
): Promise<void> {
  const { pods, version } = await listPods(api, node, signal);
  handlers.replaced(pods);
  const relistAt = performance.now() + relistEveryMs;
  let seen = version;
  while (!signal.aborted && performance.now() < relistAt) {
    seen = await watchOnce(api, watchPath(node, seen), handlers, signal, seen);
  }
}

const selector = (node: string) => `fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`;

function watchPath(node: string, version: string): string {
  const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=${watchSeconds}`;
  return `/api/v1/pods?${selector(node)}&${query}&resourceVersion=${version}`;
}

async function listPods(api: ApiClient, node: string, signal: AbortSignal) {
  const pods: Pod[] = [];
  let next = '';
  for (;;) {
    const more = next && `&continue=${encodeURIComponent(next)}`;
    const path = `/api/v1/pods?${selector(node)}&limit=${pageSize}${more}`;
    const page: PodList = await api.get<PodList>(path, signal);
    pods.push(...page.items);
    next = page.metadata.continue ?? '';
    if (!next) return { pods, version: page.metadata.resourceVersion };
  }
}

/** One watch until it closes in order; returns the version last seen. */
async function watchOnce(
  api: ApiClient,
  path: string,
  handlers: PodHandlers,
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
      const event = JSON.parse(line) as WatchEvent;
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

function deliver(event: WatchEvent, handlers: PodHandlers): void {
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
