import { setTimeout as delay } from 'node:timers/promises';

/** Waits, or returns early when the signal aborts. Never throws. `ms` in 0..2^31-1. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

/** Now in the second precision of `metav1.Time`. */
export function timestamp(now = new Date()): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}

/** Now as `metav1.MicroTime`, which refuses fewer than six digits (traps C18). */
export function microTimestamp(now = new Date()): string {
  return `${now.toISOString().slice(0, 23)}000Z`;
}
