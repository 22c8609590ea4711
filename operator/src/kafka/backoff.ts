/**
 * Exponential, with full jitter (ADR 13): the n-th delay in a row is drawn evenly from
 * (0, min(firstMs × 2^(n-1), longestMs)], but is at least leastMs.
 */
export interface Backoff {
  readonly leastMs: number;
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * @param failures before this one, in a row
 * @param random in [0, 1)
 */
export function delayMs(
  { leastMs, firstMs, longestMs }: Backoff,
  failures: number,
  random: () => number,
): number {
  const capMs = Math.min(firstMs * 2 ** Math.min(failures, 30), longestMs);
  return Math.max(leastMs, capMs * (1 - random()));
}
