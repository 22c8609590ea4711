/** Time as the shell uses it; tests pass one they move by hand. */
export interface Clock {
  /** Epoch milliseconds, for timestamps that others read; may jump. */
  now(): number;
  /** Milliseconds since some point; never jumps (traps N1). */
  monotonic(): number;
  /** Runs `callback` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The same clock for who only counts the time that passes: it never jumps. */
export function steady(clock: Clock): Clock {
  const monotonic = () => clock.monotonic();
  return {
    now: monotonic,
    monotonic,
    after: (delayMs, callback) => clock.after(delayMs, callback),
  };
}

/** Longest delay a Node timer keeps; beyond it fires at once (traps N1). */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), longestTimerMs));
    return () => clearTimeout(timer);
  },
};
