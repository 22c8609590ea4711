import type { HandlerContext } from './handler.ts';
import { probeLoop } from './probe-loop.ts';
import type { Probe } from './types.ts';

/** What the probes of one run of a container lead to. */
export interface ProbeEffects {
  started(): void;
  ready(ready: boolean): void;
  /** The startup or liveness probe failed as often as it may: the container must be restarted. */
  unhealthy(probe: Probe, kind: 'startup' | 'liveness'): void;
  failed(kind: 'startup' | 'readiness' | 'liveness', why: string): void;
}

/**
 * Probes one run of a container until the signal aborts: first startup alone, then readiness and
 * liveness. Without a startup probe it counts as started, without a readiness probe as ready.
 */
export async function runProbes(
  context: HandlerContext,
  effects: ProbeEffects,
  signal: AbortSignal,
): Promise<void> {
  const { startupProbe, readinessProbe, livenessProbe } = context.container;
  if (startupProbe && !(await startedUp(startupProbe, context, effects, signal))) return;
  if (signal.aborted) return;
  effects.started();
  if (!readinessProbe) effects.ready(true);
  await Promise.all([
    readinessProbe && probeReadiness(readinessProbe, context, effects, signal),
    livenessProbe && probeLiveness(livenessProbe, context, effects, signal),
  ]);
}

async function startedUp(
  probe: Probe,
  context: HandlerContext,
  effects: ProbeEffects,
  signal: AbortSignal,
): Promise<boolean> {
  const done = new AbortController();
  let success = false;
  await probeLoop(
    probe,
    context,
    (verdict, why) => {
      if (why) effects.failed('startup', why);
      if (verdict === 'unknown') return;
      success = verdict === 'success';
      if (!success) effects.unhealthy(probe, 'startup');
      done.abort();
    },
    AbortSignal.any([signal, done.signal]),
  );
  return success;
}

function probeReadiness(
  probe: Probe,
  context: HandlerContext,
  effects: ProbeEffects,
  signal: AbortSignal,
): Promise<void> {
  const listener = (verdict: string, why: string | undefined) => {
    if (why) effects.failed('readiness', why);
    effects.ready(verdict === 'success');
  };
  return probeLoop(probe, context, listener, signal);
}

function probeLiveness(
  probe: Probe,
  context: HandlerContext,
  effects: ProbeEffects,
  signal: AbortSignal,
): Promise<void> {
  const done = new AbortController();
  const listener = (verdict: string, why: string | undefined) => {
    if (why) effects.failed('liveness', why);
    if (verdict !== 'failure') return;
    done.abort();
    effects.unhealthy(probe, 'liveness');
  };
  return probeLoop(probe, context, listener, AbortSignal.any([signal, done.signal]));
}
