/** Reads closer together than this are of one tick: the shortest polling interval is 1 s. */
const sameTickMs = 500;
/** Members change slowly: younger descriptions are good enough for polls every second. */
const minAgeMs = 5_000;
/** With long polling intervals a description is not kept for two of them. */
const maxAgeMs = 30_000;
/** A description this young gains nothing from being made again, even if that costs no request. */
const worthRepeatingMs = 2_500;
/** A group nobody has read for this long is no longer described beside others. */
const inUseMs = 60_000;

/** When a group was described, and the reads that were served from it; ms of a clock that never jumps. */
export interface DescribeTimes {
  readonly at: number;
  /** The first read of a later tick that was served. */
  readonly servedAt: number | undefined;
  readonly usedAt: number;
  /** When it was looked for among the groups of every kind, or seen. */
  readonly searchedAt: number;
}

/**
 * At most every second tick: what one tick asked for serves the next one too, whatever the polling
 * interval; of polls every second, five.
 * @param rarely at most every 30 s
 */
export function isDue({ at, servedAt }: DescribeTimes, rarely: boolean, now: number): boolean {
  const age = now - at;
  if (age >= maxAgeMs) return true;
  if (rarely || age < minAgeMs) return false;
  return servedAt !== undefined && now - servedAt >= sameTickMs;
}

/** Whether an absent group is to be looked for everywhere again. */
export const isSearchDue = ({ searchedAt }: DescribeTimes, now: number): boolean =>
  now - searchedAt >= maxAgeMs;

/** A read at `now` was served from what is known. */
export function afterServing(times: DescribeTimes, now: number): DescribeTimes {
  const isLaterTick = now - times.at >= sameTickMs;
  const servedAt = times.servedAt ?? (isLaterTick ? now : undefined);
  return { ...times, servedAt, usedAt: now };
}

/**
 * May be described together with others that are due: groups that began in different ticks so fall into
 * the same one, and their coordinator is asked every second tick, not every tick for half of them.
 */
export function mayComeAlong({ at, usedAt }: DescribeTimes, now: number): boolean {
  return now - at >= worthRepeatingMs && now - usedAt < inUseMs;
}
