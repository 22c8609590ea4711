import { sleep } from './clock.ts';
import { type HandlerContext, runHandler } from './handler.ts';
import { initialProbeState, nextProbeState, type ProbeState, probeSettings } from './probe.ts';
import type { Probe } from './types.ts';

/** Told after each run of a probe; `failure` says why this run failed. */
export type ProbeListener = (verdict: ProbeState['verdict'], failure: string | undefined) => void;

/** Runs a probe at its period, the first time after its initial delay, until the signal aborts. */
export async function probeLoop(
  probe: Probe,
  context: HandlerContext,
  listener: ProbeListener,
  signal: AbortSignal,
): Promise<void> {
  const settings = probeSettings(probe);
  let state = initialProbeState;
  await sleep(settings.initialDelayMs, signal);
  while (!signal.aborted) {
    const startedAt = performance.now();
    const failure = await attempt(probe, context, settings.timeoutMs, signal);
    if (signal.aborted) return;
    state = nextProbeState(state, failure === undefined ? 'success' : 'failure', settings);
    listener(state.verdict, failure);
    await sleep(Math.max(0, settings.periodMs - (performance.now() - startedAt)), signal);
  }
}

/** One run; returns why it failed. */
async function attempt(
  probe: Probe,
  context: HandlerContext,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    await runHandler(probe, context, deadline);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
