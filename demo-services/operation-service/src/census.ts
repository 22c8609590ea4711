import { pause } from '@lagscaler/demo-shared/time.ts';
import type { Census } from './store.ts';

const freshMs = 5_000;
const longestFreshMs = 300_000;
const patienceMs = 1_000;

/**
 * The census for a scrape: counting may be slow in a large store, and several scrapers may ask. Kept
 * for 5 s, and for fifty times as long as the counting took, also in vain; for 5 min at most.
 * @returns undefined while it cannot be counted, or not within a second; never rejects
 */
export function cachedCensus(
  count: () => Promise<Census>,
  now: () => number,
): () => Promise<Census | undefined> {
  let counting: Promise<Census | undefined> | undefined;
  let freshUntil = Number.NEGATIVE_INFINITY;
  const recount = async (): Promise<Census | undefined> => {
    const startedAt = now();
    freshUntil = Number.POSITIVE_INFINITY; // one at a time
    const census = await count().catch(() => undefined);
    const tookMs = now() - startedAt;
    freshUntil = now() + Math.min(Math.max(freshMs, 50 * tookMs), longestFreshMs);
    return census;
  };
  return async () => {
    if (now() >= freshUntil) counting = recount();
    const impatient = new AbortController();
    const late = pause(patienceMs, impatient.signal).then(() => undefined);
    return Promise.race([counting, late]).finally(() => impatient.abort());
  };
}
