import type { Clock } from '../controller/clock.ts';
import { untilAborted } from './until-aborted.ts';

export interface TtlCacheOptions<V> {
  readonly clock: Clock;
  /** `signal` aborts when the cache is closed, not when one of its readers gives up. */
  readonly load: (key: string, signal: AbortSignal) => Promise<V>;
  /** A value younger than this is served without a request. */
  readonly ttlMs: number;
  /** While loading fails, a value younger than this is served still. */
  readonly staleMs: number;
  /** A failure is not tried again before this. */
  readonly failureMs: number;
  /** May an old value stand in while loading fails like this? */
  readonly mayServeStale: (error: unknown) => boolean;
}

export interface TtlCache<V> {
  /** @throws what `load` threw, or the reason of an aborted `signal` */
  get(key: string, signal: AbortSignal): Promise<V>;
  forget(key: string): void;
  close(): void;
}

interface Slot<V> {
  loaded?: { readonly value: V; readonly at: number };
  failed?: { readonly error: unknown; readonly at: number };
  flight?: Promise<V>;
}

/** Values that are loaded on demand, once for all who ask at the same time. */
export function createTtlCache<V>(options: TtlCacheOptions<V>): TtlCache<V> {
  const { clock, ttlMs, staleMs, failureMs } = options;
  const slots = new Map<string, Slot<V>>();
  const closed = new AbortController();

  const isYoung = (at: number | undefined, limitMs: number): boolean =>
    at !== undefined && clock.monotonic() - at < limitMs;

  async function load(key: string, slot: Slot<V>): Promise<V> {
    try {
      const value = await options.load(key, closed.signal);
      slot.loaded = { value, at: clock.monotonic() };
      delete slot.failed;
      return value;
    } catch (error) {
      slot.failed = { error, at: clock.monotonic() };
      return standIn(slot, error);
    } finally {
      delete slot.flight;
    }
  }

  function standIn(slot: Slot<V>, error: unknown): V {
    if (slot.loaded && isYoung(slot.loaded.at, staleMs) && options.mayServeStale(error)) {
      return slot.loaded.value;
    }
    throw error;
  }

  /** Keys that nobody asked for in a long time must not stay in memory. */
  function dropOld(): void {
    for (const [key, { loaded, failed, flight }] of slots) {
      const isUsed = flight || isYoung(loaded?.at, staleMs) || isYoung(failed?.at, staleMs);
      if (!isUsed) slots.delete(key);
    }
  }

  function slotOf(key: string): Slot<V> {
    const known = slots.get(key);
    if (known) return known;
    dropOld();
    const slot: Slot<V> = {};
    slots.set(key, slot);
    return slot;
  }

  return {
    async get(key, signal) {
      signal.throwIfAborted();
      const slot = slotOf(key);
      if (slot.loaded && isYoung(slot.loaded.at, ttlMs)) return slot.loaded.value;
      if (slot.failed && isYoung(slot.failed.at, failureMs))
        return standIn(slot, slot.failed.error);
      slot.flight ??= load(key, slot);
      return untilAborted(slot.flight, signal);
    },
    forget(key) {
      slots.delete(key); // a load in flight keeps its own slot and so cannot bring the value back
    },
    close() {
      closed.abort();
      slots.clear();
    },
  };
}
