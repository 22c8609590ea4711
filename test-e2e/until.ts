import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for a condition, never for a time: asks until `check` returns something.
 * @throws Error with what was waited for and what was seen last, also when `check` threw
 */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  options: {
    readonly withinMs?: number;
    readonly everyMs?: number;
    readonly seen?: () => unknown;
  } = {},
): Promise<T> {
  const { withinMs = 30_000, everyMs = 100, seen } = options;
  const deadline = Date.now() + withinMs;
  let cause: unknown;
  for (;;) {
    try {
      const found = await check();
      if (found !== undefined && found !== false) return found;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) break;
    await sleep(everyMs);
  }
  const last = seen ? `; seen last: ${JSON.stringify(seen())}` : '';
  throw new Error(`waited ${withinMs / 1000} s for: ${what}${last}`, { cause });
}
