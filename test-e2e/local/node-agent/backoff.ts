/** When a container that ended may run again: as the kubelet's, with shorter times. */
export interface BackoffSettings {
  /** Wait before the second restart in a row; the first is immediate. */
  readonly initialMs: number;
  readonly maxMs: number;
  /** A run at least this long starts the series anew. */
  readonly resetAfterMs: number;
}

/** Kubernetes waits 10 s doubling to 5 min; a test cannot wait for that. */
export const defaultBackoff: BackoffSettings = {
  initialMs: 1_000,
  maxMs: 60_000,
  resetAfterMs: 600_000,
};

/** The wait before the restart after a run of `ranMs`, given the wait before that run. */
export function nextBackoffMs(
  previousMs: number | undefined,
  ranMs: number,
  settings: BackoffSettings,
): number {
  if (previousMs === undefined || ranMs >= settings.resetAfterMs) return 0;
  return Math.min(previousMs === 0 ? settings.initialMs : previousMs * 2, settings.maxMs);
}
