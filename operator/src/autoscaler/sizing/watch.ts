import type { MemberAssignment } from '../types.ts';
import type { WatchedConsumer } from './capacity.ts';
import type { Tuning } from './tuning.ts';

/** One partition as far as the work of its consumer goes. */
export interface PartitionWork {
  /** `topic/partition`. */
  readonly key: string;
  /** Records. */
  readonly lag: number;
  readonly committed: bigint;
  /** It cannot go on, or may not be able to. */
  readonly stuck: boolean;
}

/** What the consumers of a group had to do at one moment, in the order of `Watch.owners`. */
interface WatchPoint {
  readonly at: number;
  /** Records of lag. */
  readonly lags: readonly number[];
  /** Sum of their committed offsets. */
  readonly committed: readonly bigint[];
  /** Whether they had a partition that was stuck. */
  readonly held: readonly boolean[];
}

export type Owners = readonly MemberAssignment[] | undefined;

/** The consumers of a group for as long as they are the same. */
export interface Watch {
  /** Who owns what; undefined where that is not known: then the group is watched as a whole. */
  readonly owners: Owners;
  /** Oldest first. */
  readonly points: readonly WatchPoint[];
}

export const nothingWatched: Watch = { owners: undefined, points: [] };

/** Points closer together tell no more. */
const spacingMs = 4_000;

/** Adds a reading; with other owners, or when a commit went back, the watch begins anew. */
export function watchAfter(
  before: Watch,
  work: readonly PartitionWork[],
  owners: Owners,
  now: number,
  { capacityWindowSeconds }: Tuning,
): Watch {
  const point = pointOf(work, owners, now);
  const last = before.points.at(-1);
  const goesOn = last && now > last.at && sameOwners(before.owners, owners) && grew(last, point);
  if (!goesOn) return { owners, points: [point] };
  const start = now - capacityWindowSeconds * 1000;
  const firstInside = before.points.findIndex(({ at }) => at > start);
  const kept = before.points.slice(Math.max(0, firstInside - 1));
  const isClose = kept.length > 1 && now - (kept.at(-2)?.at ?? 0) < spacingMs;
  return { owners, points: [...(isClose ? kept.slice(0, -1) : kept), point] };
}

/** The consumers whose work the watch can tell; undefined while it is shorter than the window. */
export function consumersOf(
  { points }: Watch,
  tuning: Tuning,
): readonly WatchedConsumer[] | undefined {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last || secondsBetween(first, last) < tuning.capacityWindowSeconds)
    return undefined;
  return last.lags.flatMap((_, consumer) => consumerOf(points, consumer, tuning) ?? []);
}

/**
 * One consumer over the time in which it did one thing: free, and with lag that only grew once it began to.
 * What it did before, held up or with little to do, would make its speed look lower.
 */
function consumerOf(
  points: readonly WatchPoint[],
  consumer: number,
  { busySpanSeconds, saturatedGrowth }: Tuning,
): WatchedConsumer | undefined {
  const free = points.slice(points.findLastIndex(({ held }) => held[consumer]) + 1);
  const whole = spanOf(free, consumer);
  const growing = spanOf(free.slice(lowest(free, consumer)), consumer);
  const grew = growing && growing.lagNow - growing.lagStart > saturatedGrowth * growing.consumed;
  const span = grew ? growing : whole;
  return span && span.seconds >= busySpanSeconds ? span : undefined;
}

function spanOf(points: readonly WatchPoint[], consumer: number) {
  const [first] = points;
  const last = points.at(-1);
  const seconds = first && last ? secondsBetween(first, last) : 0;
  if (!first || !last || seconds === 0) return undefined;
  const lags = points.map((point) => point.lags[consumer] ?? 0);
  const consumed = Number((last.committed[consumer] ?? 0n) - (first.committed[consumer] ?? 0n));
  return {
    seconds,
    consumed,
    consumptionRate: consumed / seconds,
    minLag: Math.min(...lags),
    lagStart: lags[0] ?? 0,
    lagNow: lags.at(-1) ?? 0,
  };
}

/** The last of the points with the least lag. */
function lowest(points: readonly WatchPoint[], consumer: number): number {
  const lags = points.map((point) => point.lags[consumer] ?? 0);
  return lags.lastIndexOf(Math.min(...lags));
}

function secondsBetween(from: WatchPoint, to: WatchPoint): number {
  return (to.at - from.at) / 1000;
}

function pointOf(
  work: readonly PartitionWork[],
  owners: readonly MemberAssignment[] | undefined,
  at: number,
): WatchPoint {
  if (!owners) return { at, ...wholeGroup(work) };
  const byKey = new Map(work.map((w) => [w.key, w]));
  const shares = owners.map(({ partitions }) =>
    partitions.flatMap((owned) => owned.partitions.map((p) => byKey.get(`${owned.topic}/${p}`))),
  );
  return {
    at,
    lags: shares.map((share) => share.reduce((sum, w) => sum + (w?.lag ?? 0), 0)),
    committed: shares.map((share) => share.reduce((sum, w) => sum + (w?.committed ?? 0n), 0n)),
    held: shares.map((share) => share.some((w) => w?.stuck)),
  };
}

/** As if every partition had only the lag of the shortest: busy only when all consumers are. */
function wholeGroup(work: readonly PartitionWork[]): Omit<WatchPoint, 'at'> {
  const shortest = work.reduce((least, { lag }) => Math.min(least, lag), Number.POSITIVE_INFINITY);
  return {
    lags: [work.length === 0 ? 0 : shortest * work.length],
    committed: [work.reduce((sum, { committed }) => sum + committed, 0n)],
    held: [work.some(({ stuck }) => stuck)],
  };
}

/** What was rewound was not consumed. */
function grew(before: WatchPoint, after: WatchPoint): boolean {
  return after.committed.every((offset, i) => offset >= (before.committed[i] ?? 0n));
}

function sameOwners(a: Owners, b: Owners): boolean {
  if (a === b || a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((member, i) => sameMember(member, b[i]));
}

function sameMember(a: MemberAssignment, b: MemberAssignment | undefined): boolean {
  if (a.memberId !== b?.memberId || a.partitions.length !== b.partitions.length) return false;
  return a.partitions.every(({ topic, partitions }, i) => {
    const other = b.partitions[i];
    return topic === other?.topic && partitions.join() === other.partitions.join();
  });
}
