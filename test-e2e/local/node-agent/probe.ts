import type { Probe } from './types.ts';

/** A probe with every default of the API filled in; times in milliseconds. */
export interface ProbeSettings {
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** Where a probe stands: its verdict and how many equal outcomes in a row it has seen. */
export interface ProbeState {
  readonly verdict: 'unknown' | 'success' | 'failure';
  readonly last: 'success' | 'failure' | undefined;
  readonly inARow: number;
}

export const initialProbeState: ProbeState = { verdict: 'unknown', last: undefined, inARow: 0 };

/** Fills in the API's defaults. */
export function probeSettings(probe: Probe): ProbeSettings {
  return {
    initialDelayMs: (probe.initialDelaySeconds ?? 0) * 1000,
    periodMs: (probe.periodSeconds ?? 10) * 1000,
    timeoutMs: (probe.timeoutSeconds ?? 1) * 1000,
    successThreshold: probe.successThreshold ?? 1,
    failureThreshold: probe.failureThreshold ?? 3,
  };
}

/** The verdict changes only after as many equal outcomes in a row as the threshold asks for. */
export function nextProbeState(
  state: ProbeState,
  outcome: 'success' | 'failure',
  settings: Pick<ProbeSettings, 'successThreshold' | 'failureThreshold'>,
): ProbeState {
  const inARow = state.last === outcome ? state.inARow + 1 : 1;
  const threshold = outcome === 'success' ? settings.successThreshold : settings.failureThreshold;
  return { last: outcome, inARow, verdict: inARow >= threshold ? outcome : state.verdict };
}
