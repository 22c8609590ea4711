/**
 * Time to the next poll. Polls fall on the multiples of the interval, shifted by a phase of the Kafka
 * cluster: scalers of one cluster share their requests, and clusters don't beat together.
 */
export function msToNextTick(now: number, intervalMs: number, cluster: string): number {
  const phase = hash(cluster) % intervalMs;
  return intervalMs - ((now - phase) % intervalMs);
}

/** FNV-1a, 32 bits: spreads well and needs no import. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return h;
}
