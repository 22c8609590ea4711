export interface Backoff {
  /** Milliseconds to wait now, jittered; doubles with each call up to the maximum. */
  nextMs(): number;
  reset(): void;
}

/** @param random returns a number in [0, 1) */
export function createBackoff(minMs: number, maxMs: number, random: () => number): Backoff {
  let failures = 0;
  return {
    nextMs() {
      const ceiling = Math.min(maxMs, minMs * 2 ** failures);
      failures = Math.min(failures + 1, 30); // 2 ** failures must stay finite
      // Between half and all of it, so that many operators don't come back together; never below the minimum.
      return Math.max(minMs, ceiling * (0.5 + 0.5 * random()));
    },
    reset() {
      failures = 0;
    },
  };
}
