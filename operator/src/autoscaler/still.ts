import type { PartitionOffsets, StillOffsets } from './types.ts';

type StillMap = ReadonlyMap<string, StillOffsets>;

/**
 * A record that waits must not pass for a transaction marker while the first consumer starts, however
 * short the cooldown.
 */
const minStillMs = 60_000;

export function stillKey(p: { readonly topic: string; readonly partition: number }): string {
  return `${p.topic}/${p.partition}`; // a topic name has no slash
}

/** Since when the offsets of each partition have stood still; an unknown offset leaves the entry as it was. */
export function trackStill(
  partitions: readonly PartitionOffsets[],
  previous: StillMap,
  now: number,
): StillMap {
  const next = new Map<string, StillOffsets>();
  for (const p of partitions) {
    const key = stillKey(p);
    const entry = trackOne(p, previous.get(key), now);
    if (entry) next.set(key, entry);
  }
  return next;
}

function trackOne(
  { committed, end }: PartitionOffsets,
  before: StillOffsets | undefined,
  now: number,
): StillOffsets | undefined {
  if (committed === 'unknown' || end === undefined) return before;
  const offset = committed === 'none' ? undefined : committed;
  const beyond = offset !== undefined && offset > end;
  const beyondEndTicks = beyond ? (before?.beyondEndTicks ?? 0) + 1 : 0;
  const stood = before?.committed === offset && before?.end === end;
  return { committed: offset, end, since: stood && before ? before.since : now, beyondEndTicks };
}

/**
 * Whether records arrived since the last reading. A group that keeps up has no lag, yet it is not idle.
 * Without an earlier reading nobody can say that none arrived: a restart counts as activity.
 */
export function recordsArrived(before: StillMap, after: StillMap): boolean {
  if (before.size === 0) return true;
  for (const [key, { end }] of after) {
    const earlier = before.get(key);
    if (earlier && earlier.end !== end) return true;
  }
  return false;
}

/** Both offsets have stood still for the cooldown: what is left may be a transaction marker. */
export function hasStoodStill(
  entry: StillOffsets | undefined,
  now: number,
  cooldownMs: number,
): boolean {
  return entry !== undefined && now - entry.since >= Math.max(cooldownMs, minStillMs);
}
