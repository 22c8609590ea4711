/** How the commits of one partition look, in Burrow's words; OK also while too little is known. */
export type CommitStatus = 'OK' | 'WARN' | 'STOP' | 'STALL' | 'REWIND';

/** Of a group: STOP, REWIND and STALL are errors. */
export type GroupCommitStatus = 'OK' | 'WARN' | 'ERR';

/** A committed offset as it was seen at some time. */
export interface CommitSample {
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Records; undefined while unknown. */
  readonly lag: number | undefined;
}

export interface CommitWindow {
  /** Oldest first, at least one. */
  readonly samples: readonly CommitSample[];
  /** Time of the last sample that is known to be a commit; epoch milliseconds. */
  readonly lastCommitAt: number;
  /** From the first of the last ten commits to the last, ms; the samples tell where it is left out. */
  readonly commitsTookMs?: number | undefined;
  /** End offsets of the recent minutes. */
  readonly recentEnds: readonly number[];
  readonly currentLag: number;
  readonly now: number;
  /** Lag that is nobody's worry; records. */
  readonly allowedLag: number;
}

/**
 * A verdict without thresholds, from the shape of the last commits alone. The order of the rules counts.
 * Source: Burrow's evaluator; a pause in which no record arrived is no stop (#290, #303).
 */
export function commitStatus(window: CommitWindow): CommitStatus {
  const { samples, currentLag, allowedLag } = window;
  if (currentLag <= allowedLag || samples.length === 0) return 'OK';
  if (hasStopped(window) && !wasCaughtUp(window)) return 'STOP';
  if (isRewound(samples)) return 'REWIND';
  if (!alwaysLagged(samples, allowedLag)) return 'OK';
  if (isStalled(samples)) return 'STALL';
  return lagNeverFell(samples) ? 'WARN' : 'OK';
}

/** The silence is longer than all the commits before it took. */
export function hasStopped(window: CommitWindow): boolean {
  const { samples, lastCommitAt, now } = window;
  const { commitsTookMs = lastCommitAt - (samples[0]?.at ?? lastCommitAt) } = window;
  return now - lastCommitAt > commitsTookMs;
}

/** Not long ago the partition had no record beyond the last commit. */
export function wasCaughtUp({ samples, recentEnds }: CommitWindow): boolean {
  const committed = samples.at(-1)?.offset ?? Number.NEGATIVE_INFINITY;
  return recentEnds.some((end) => end <= committed);
}

/** Index of the first sample that is lower than the one before; -1 without. */
export function rewindIndex(samples: readonly CommitSample[]): number {
  return samples.findIndex(({ offset }, i) => offset < (samples[i - 1]?.offset ?? offset));
}

/** A commit went back, and none has reached the offset before it again: so the last is not the highest. */
function isRewound(samples: readonly CommitSample[]): boolean {
  const last = samples.at(-1)?.offset ?? 0;
  return samples.some(({ offset }) => offset > last);
}

/** Lag exceeded what is allowed in every sample that knows it. */
export function alwaysLagged(samples: readonly CommitSample[], allowedLag: number): boolean {
  return samples.every(({ lag }) => lag === undefined || lag > allowedLag);
}

export function isStalled(samples: readonly CommitSample[]): boolean {
  return samples.every(({ offset }) => offset === samples[0]?.offset);
}

/** From each sample to the next; those that don't know their lag are left out. */
export function lagNeverFell(samples: readonly CommitSample[]): boolean {
  let before = 0;
  for (const { lag = before } of samples) {
    if (lag < before) return false;
    before = lag;
  }
  return true;
}

/** The worst partition decides. */
export function groupCommitStatus(statuses: readonly CommitStatus[]): GroupCommitStatus {
  if (statuses.some((status) => status !== 'OK' && status !== 'WARN')) return 'ERR';
  return statuses.includes('WARN') ? 'WARN' : 'OK';
}
