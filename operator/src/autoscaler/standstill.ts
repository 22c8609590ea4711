/** Where the commits of one partition stand. */
export interface Standing {
  /** Records; undefined while unknown. */
  readonly lag: bigint | undefined;
  /** Epoch milliseconds of the last move of its commit; undefined when none has been seen. */
  readonly movedAt: number | undefined;
  /** Epoch milliseconds since which the partition has been watched. */
  readonly seenSince: number;
  /** How long its commit had stood still before it moved, ms; 0 while unknown. */
  readonly pauseMs: number;
}

/** A poison pill shows after this time, but not before a consumer that commits rarely had its turn. */
const stallAfterMs = 75_000;
const pausesToWait = 3;
/** A rebalance stops everybody for a while. */
const rebalanceMs = 60_000;

/**
 * The partitions that stand still with lag while others move on: what more replicas cannot help.
 * @param membershipChangedAt epoch milliseconds; undefined when that was never seen
 * @returns for each partition whether it is one
 */
export function stalledPartitions(
  standings: readonly Standing[],
  now: number,
  membershipChangedAt: number | undefined,
): readonly boolean[] {
  const lastMove = standings.reduce(
    (latest, { movedAt = latest }) => Math.max(latest, movedAt),
    Number.NEGATIVE_INFINITY,
  );
  const calm = isCalm(now, membershipChangedAt);
  return standings.map((s) => calm && isStuck(s, now) && lastMove > stillSince(s));
}

/** Lag, and no commit on any partition for the stall time: nobody reads. */
export function isGroupStopped(
  standings: readonly Standing[],
  now: number,
  membershipChangedAt: number | undefined,
): boolean {
  const lagging = standings.filter(({ lag = 0n }) => lag > 0n);
  return (
    isCalm(now, membershipChangedAt) &&
    lagging.length > 0 &&
    lagging.every((s) => isStuck(s, now)) &&
    standings.every((s) => now - stillSince(s) >= stallAfterMs)
  );
}

function isCalm(now: number, membershipChangedAt: number | undefined): boolean {
  return membershipChangedAt === undefined || now - membershipChangedAt > rebalanceMs;
}

function isStuck(standing: Standing, now: number): boolean {
  const { lag = 0n, pauseMs } = standing;
  const patienceMs = Math.max(stallAfterMs, pausesToWait * pauseMs);
  return lag > 0n && now - stillSince(standing) >= patienceMs;
}

function stillSince({ movedAt, seenSince }: Standing): number {
  return movedAt ?? seenSince;
}
