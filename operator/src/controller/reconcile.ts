import { decide } from '../autoscaler/decide.ts';
import { InvalidSpecError } from '../autoscaler/invalid-spec.ts';
import { afterWrite } from '../autoscaler/memory.ts';
import { scalingPolicyOf } from '../autoscaler/policy.ts';
import type { Decision, Unavailable } from '../autoscaler/types.ts';
import { confirmAge } from './confirm-age.ts';
import { readLag, targetRefOf } from './observe.ts';
import type { Outcome } from './outcome.ts';
import {
  type Key,
  type ObservedTarget,
  type Ports,
  type Scaler,
  TargetError,
  type TargetRef,
} from './ports.ts';
import { report, worthWriting } from './report.ts';
import { countUnschedulable } from './shortage.ts';
import { type ScalerState, seedMemory } from './state.ts';
import { msToNextTick } from './tick.ts';
import type { Result } from './workqueue.ts';

/** A target that changes under us is read and decided again this often before the next poll. */
const maxAttempts = 3;

/**
 * One poll of one scaler: observe → decide → act → report → requeue. The queue guarantees a single
 * call per key at a time.
 */
export async function reconcile(key: Key, ports: Ports, signal: AbortSignal): Promise<Result> {
  const scaler = ports.scalers.get(key);
  if (!scaler) {
    ports.states.forget(key);
    return 'done';
  }
  const state = ports.states.of(scaler);
  const outcome = await attempt(scaler, state, ports, signal).catch((error: unknown) => {
    if (error instanceof InvalidSpecError) return invalid(error, ports.clock.now());
    throw error;
  });
  await tell(scaler, state, outcome, ports, signal);
  void confirmAge(scaler, state, outcome.reading, { ports, signal });
  if (outcome.targetError?.code === 'Unavailable') return 'retry';
  const { pollingIntervalSeconds, kafka } = scaler.spec;
  const cluster = kafka.bootstrapServers.join();
  return {
    requeueAfterMs: msToNextTick(ports.clock.now(), pollingIntervalSeconds * 1000, cluster),
  };
}

/** A spec that the API server could not know to be wrong: nothing is read and nothing is written. */
function invalid(error: InvalidSpecError, at: number): Outcome {
  const message = error.message;
  const reading: Unavailable = { kind: 'unavailable', reason: 'InvalidSpec', message };
  return { ...undecided, at, reading };
}

const undecided = {
  target: undefined,
  targetError: undefined,
  unschedulable: undefined,
  decision: undefined,
  write: 'none',
} as const;

/** Observe, decide, act; a conflict reads the target afresh and decides again. */
async function attempt(
  scaler: Scaler,
  state: ScalerState,
  ports: Ports,
  signal: AbortSignal,
): Promise<Outcome> {
  const ref = targetRefOf(scaler);
  const policy = scalingPolicyOf(scaler.spec, ports.calendar); // throws before anything is read
  const lag = readLag(scaler, ports, signal).then((r) => state.history.observe(r, policy));
  lag.catch(() => {}); // told where it is awaited, which is after the target
  for (let fresh = false, left = maxAttempts; ; fresh = true, left--) {
    const seeTarget = async () => {
      const target = await readTarget(ref, fresh, ports, signal);
      if (target instanceof TargetError) return target;
      const unschedulable = await countUnschedulable({ scaler, state, target }, ports, signal);
      return { target, unschedulable };
    };
    const seen = await seeTarget();
    const reading = await ports.aside(lag);
    const at = ports.clock.now();
    if (seen instanceof TargetError) return { ...undecided, at, reading, targetError: seen };
    const { target } = seen;
    const decision = decide({
      ...seen,
      now: at,
      lag: reading,
      policy,
      conflict: ports.conflictOf(scaler),
      memory: state.memory ?? seedMemory(scaler, target, at),
    });
    const write = await act(ref, target, decision, ports, signal);
    if (write instanceof TargetError && write.code === 'Conflict' && left > 1) continue;
    state.memory = afterWrite(decision, at, write === 'applied');
    return { ...seen, at, reading, targetError: undefined, decision, write };
  }
}

async function readTarget(
  ref: TargetRef,
  fresh: boolean,
  ports: Ports,
  signal: AbortSignal,
): Promise<ObservedTarget | TargetError> {
  return ports.target.read(ref, { fresh }, signal).catch(asTargetError);
}

/** The only write that moves pods. */
async function act(
  ref: TargetRef,
  target: ObservedTarget,
  decision: Decision,
  ports: Ports,
  signal: AbortSignal,
): Promise<Outcome['write']> {
  if (decision.action === 'hold' || !ports.mayWrite()) return 'none';
  return ports.target
    .setReplicas(ref, target, decision.desiredReplicas, signal)
    .then(() => 'applied' as const)
    .catch(asTargetError);
}

function asTargetError(error: unknown): TargetError {
  if (error instanceof TargetError) return error;
  throw error;
}

/** Status, events, metrics and one log line: the same value everywhere. */
async function tell(
  scaler: Scaler,
  state: ScalerState,
  outcome: Outcome,
  ports: Ports,
  signal: AbortSignal,
): Promise<void> {
  const { status, events, notable } = report(scaler, outcome);
  ports.onOutcome(scaler, outcome, notable);
  ports.events.publish(scaler, events);
  if (!worthWriting(scaler.status, status, outcome.at - state.publishedAt)) return;
  try {
    await ports.scalers.publish(scaler, status, signal);
    state.publishedAt = outcome.at;
  } catch (error) {
    ports.onStatusFailure(scaler, error); // never changes a decision; the next poll tries again
  }
}
