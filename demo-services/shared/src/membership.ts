export interface Membership {
  /** Look whether a heartbeat is due, without waiting for its answer. */
  beat(): void;
  /** The error of a heartbeat: this member has to join again. */
  lost(): unknown;
  release(): void;
}

/**
 * Keeps this member in its group while it works, however long one message takes, and remembers the
 * first heartbeat that failed: nobody may begin another message after that, for all other members
 * wait until this one joins again.
 */
export function keepMembership(heartbeat: () => Promise<void>, intervalMs: number): Membership {
  let lost: unknown;
  const beat = () => {
    if (lost !== undefined) return;
    heartbeat().catch((error: unknown) => {
      lost ??= error;
    });
  };
  const timer = setInterval(beat, intervalMs);
  return {
    beat,
    lost: () => lost,
    release: () => clearInterval(timer),
  };
}
