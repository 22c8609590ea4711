import { turnMs } from './turns.ts';

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

/** What moves beside a partition. */
interface Surroundings {
  /** Epoch milliseconds; undefined when a change was never seen. */
  readonly membershipChangedAt: number | undefined;
  /** Records per second of the group; undefined while unknown. */
  readonly consumptionRate: number | undefined;
}

/**
 * The partitions that stand still with lag while others move on: what more replicas cannot help.
 * @returns for each partition whether it is one
 */
export function stalledPartitions(
  standings: readonly Standing[],
  now: number,
  { membershipChangedAt, consumptionRate }: Surroundings,
): readonly boolean[] {
  const lastMove = standings.reduce(
    (latest, { movedAt = latest }) => Math.max(latest, movedAt),
    Number.NEGATIVE_INFINITY,
  );
  const isCandidate = (s: Standing) => isStuck(s, now) && lastMove > stillSince(s);
  const candidates = isCalm(now, membershipChangedAt) ? standings.filter(isCandidate) : [];
  if (candidates.length === 0) return standings.map(() => false);
  let waiting = standings.reduce((sum, { lag = 0n }) => sum + Number(lag), 0);
  const stalled = new Set<Standing>();
  // The longest first: what is behind one that is stuck is for nobody's turn.
  for (const s of candidates.sort((a, b) => stillSince(a) - stillSince(b))) {
    const elsewhere = waiting - Number(s.lag ?? 0n);
    if (now - stillSince(s) < turnMs(elsewhere, consumptionRate)) continue;
    stalled.add(s);
    waiting = elsewhere;
  }
  return standings.map((s) => stalled.has(s));
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
