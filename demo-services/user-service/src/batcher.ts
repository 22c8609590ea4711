import { setImmediate as nextTurn } from 'node:timers/promises';

export interface BatcherOptions<T, R> {
  /** @returns one result for each item, in order, or its rejection. @throws what befell all of them */
  readonly many: (items: readonly T[]) => Promise<readonly (R | Promise<R>)[]>;
  /** A failure for which no item is to blame: all of them share it. */
  readonly isTransient: (error: unknown) => boolean;
  readonly maxItems: number;
}

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R | Promise<R>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes one call to the database of many: what comes while a call is under way waits for the next. When
 * a call fails for one of its items, each is tried alone, so that nobody suffers for another; an
 * outage in the middle of that is shared by all that are left.
 */
export function createBatcher<T, R>(options: BatcherOptions<T, R>): (item: T) => Promise<R> {
  let waiting: Waiting<T, R>[] = [];
  let running = false;

  const run = async (): Promise<void> => {
    running = true;
    await nextTurn(); // whatever else this turn of the event loop brings comes along
    while (waiting.length > 0) {
      const batch = waiting.slice(0, options.maxItems);
      waiting = waiting.slice(options.maxItems);
      await flush(batch, options);
    }
    running = false;
  };

  return (item) => {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    waiting.push({ item, resolve, reject });
    if (!running) void run(); // never rejects
    return promise;
  };
}

async function flush<T, R>(
  batch: readonly Waiting<T, R>[],
  options: BatcherOptions<T, R>,
): Promise<void> {
  try {
    const results = await options.many(batch.map(({ item }) => item));
    batch.forEach(({ resolve }, i) => void resolve(results[i] as R | Promise<R>));
  } catch (error) {
    if (batch.length === 1 || options.isTransient(error)) rejectAll(batch, error);
    else await flushEach(batch, options);
  }
}

async function flushEach<T, R>(
  batch: readonly Waiting<T, R>[],
  { many, isTransient }: BatcherOptions<T, R>,
): Promise<void> {
  for (const [i, { item, resolve, reject }] of batch.entries()) {
    try {
      const [result] = await many([item]);
      resolve(result as R | Promise<R>);
    } catch (error) {
      if (isTransient(error)) return rejectAll(batch.slice(i), error);
      reject(error);
    }
  }
}

function rejectAll<T, R>(batch: readonly Waiting<T, R>[], error: unknown): void {
  for (const { reject } of batch) reject(error);
}
