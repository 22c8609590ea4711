import type { Clock } from './clock.ts';
import { createDelayHeap } from './delay-heap.ts';

/** What a run asks for: nothing more (`done`), another run after a delay, or a retry with back-off. */
export type Result = 'done' | { readonly requeueAfterMs: number } | 'retry';

export interface WorkQueue {
  /** Run the key as soon as a worker is free; if it is running, once more afterwards. */
  add(key: string): void;
  /** Keys that wait for a worker right now. */
  readonly depth: number;
  /**
   * Called by a run: waits for `work` without holding its worker, and goes on when one is free again,
   * before keys that have not begun. So those that wait for one silent dependency delay no others.
   */
  aside<T>(work: Promise<T>): Promise<T>;
  /** No more runs; resolves when those in flight have ended. */
  stop(): Promise<void>;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Never called twice at the same time for one key. A rejection counts as `retry`. */
  readonly run: (key: string) => Promise<Result>;
  readonly onError: (key: string, error: unknown) => void;
  /** Runs at the same time, over all keys; those that wait aside do not count. */
  readonly concurrency: number;
  /** First delay of a retry; doubles per failure in a row, ±20 %, up to `maxBackoffMs`. */
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly random?: () => number;
}

/** Single flight per key, dedupe, one pending delay per key, per-key exponential back-off. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { clock, random = Math.random } = options;
  const ready = new Set<string>(); // insertion order is the order of service
  const running = new Set<string>();
  const again = new Set<string>(); // added while running
  const returning = new Set<() => void>(); // have waited aside and want a worker back
  let busy = 0; // workers
  let isStarting = false;
  const failures = new Map<string, number>();
  const delayed = createDelayHeap(clock, (keys) => {
    for (const key of keys) enqueue(key);
    startRuns();
  });
  let stopped = false;
  let idle: (() => void) | undefined;

  function enqueue(key: string): void {
    if (stopped) return;
    if (running.has(key)) again.add(key);
    else ready.add(key);
  }

  /** A run that calls back before its first wait must not start the next one inside of itself. */
  function startRuns(): void {
    if (isStarting) return; // the loop below sees what has changed
    isStarting = true;
    while (busy < options.concurrency && (resumeNext() || startNext()));
    isStarting = false;
  }

  function resumeNext(): boolean {
    const [resume] = returning;
    if (!resume) return false;
    returning.delete(resume);
    busy += 1;
    resume();
    return true;
  }

  function startNext(): boolean {
    const [key] = ready;
    if (stopped || key === undefined) return false;
    ready.delete(key);
    delayed.cancel(key); // this run replaces the one that was planned
    running.add(key);
    busy += 1;
    void runOnce(key);
    return true;
  }

  function giveBack(): void {
    busy -= 1;
    startRuns();
  }

  async function aside<T>(work: Promise<T>): Promise<T> {
    giveBack();
    try {
      return await work;
    } finally {
      await new Promise<void>((resume) => {
        returning.add(resume);
        startRuns();
      });
    }
  }

  async function runOnce(key: string): Promise<void> {
    const result = await options.run(key).catch((error: unknown): Result => {
      options.onError(key, error);
      return 'retry';
    });
    running.delete(key);
    schedule(key, result);
    giveBack();
    if (running.size === 0) idle?.();
  }

  function schedule(key: string, result: Result): void {
    if (result !== 'retry') failures.delete(key);
    if (again.delete(key)) enqueue(key);
    else if (result === 'retry') delayed.set(key, backoffMs(key));
    else if (result !== 'done') delayed.set(key, result.requeueAfterMs);
  }

  function backoffMs(key: string): number {
    const failed = failures.get(key) ?? 0;
    failures.set(key, failed + 1);
    const delay = Math.min(options.minBackoffMs * 2 ** failed, options.maxBackoffMs);
    return delay * (0.8 + 0.4 * random());
  }

  return {
    add(key) {
      enqueue(key);
      startRuns();
    },
    get depth() {
      return ready.size;
    },
    aside,
    async stop() {
      stopped = true;
      ready.clear();
      again.clear();
      delayed.close();
      if (running.size > 0) await new Promise<void>((resolve) => (idle = resolve));
    },
  };
}
