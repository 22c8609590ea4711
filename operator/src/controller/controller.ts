import type { ControllerPorts, Key, Ports } from './ports.ts';
import { reconcile } from './reconcile.ts';
import { createWorkQueue, type WorkQueue } from './workqueue.ts';

export interface ControllerOptions {
  /** Reconciles at work at the same time; those that wait for Kafka do not count. */
  readonly concurrency: number;
  readonly minBackoffMs?: number;
  readonly maxBackoffMs?: number;
  /** Each reconcile, with its duration; `error` is set when it threw: a bug or a lost dependency. */
  readonly onReconcile: (key: Key, seconds: number, error: unknown) => void;
}

export interface Controller {
  /** Look at the scaler as soon as possible. */
  enqueue(key: Key): void;
  readonly depth: number;
  /** No new reconciles; those in flight may end within `graceMs`, then they are aborted. */
  stop(graceMs: number): Promise<void>;
}

/** Queue → reconcile. Started by its first `enqueue`, which must not come before the caches have synced. */
export function createController(outside: ControllerPorts, options: ControllerOptions): Controller {
  const abort = new AbortController();
  const queue: WorkQueue = createWorkQueue({
    clock: outside.clock,
    concurrency: options.concurrency,
    minBackoffMs: options.minBackoffMs ?? 1000,
    maxBackoffMs: options.maxBackoffMs ?? 60_000,
    onError: () => {}, // told by timed(), which also knows how long it took
    run: timed,
  });
  const ports: Ports = { ...outside, aside: queue.aside };

  async function timed(key: Key) {
    const started = performance.now();
    let failure: unknown;
    try {
      return await reconcile(key, ports, abort.signal);
    } catch (error) {
      failure = error;
      return 'retry' as const;
    } finally {
      options.onReconcile(key, (performance.now() - started) / 1000, failure);
    }
  }

  return {
    enqueue: (key) => queue.add(key),
    get depth() {
      return queue.depth;
    },
    async stop(graceMs) {
      const cancel = outside.clock.after(graceMs, () => abort.abort(new Error('shutting down')));
      await queue.stop();
      cancel();
    },
  };
}
