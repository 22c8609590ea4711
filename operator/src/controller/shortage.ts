import type { ObservedTarget, PodCount, Ports, Scaler } from './ports.ts';
import type { ScalerState } from './state.ts';

/** What is known of a target that has fewer ready replicas than it asks for. */
export interface Shortage {
  readonly replicas: number;
  readonly readyReplicas: number | undefined;
  /** When to look at the pods next, in monotonic milliseconds. */
  readonly lookAt: number;
  /** Pods that no node had room for when last looked at; undefined while nobody knows. */
  readonly unschedulable: number | undefined;
  /** Looks in a row that found none, or failed. */
  readonly inVain: number;
}

/**
 * Least time between two looks, and how long a target may be short before the first: pods take a moment
 * to start. A little less than the default polling interval, so that each such poll can look.
 */
const lookEveryMs = 4500;
/** Pods that are slow or crash are looked at ever more rarely. */
const longestMs = 60_000;

/** Whose pods. */
interface Subject {
  readonly scaler: Scaler;
  readonly state: ScalerState;
  readonly target: ObservedTarget;
}

/**
 * Pods of the target that no node has room for. As long as every replica is ready this costs nothing;
 * a kind that does not say how many are ready is looked at once a minute.
 * @returns undefined while nobody knows, which holds nothing; what failed is told once
 */
export async function countUnschedulable(
  subject: Subject,
  ports: Ports,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { scaler, state, target } = subject;
  if (isComplete(target)) {
    state.shortage = undefined;
    return 0;
  }
  const now = ports.clock.monotonic();
  const known = state.shortage;
  // After a restart the status still says that pods were waiting: nothing is added before a look.
  const isKnownShort = known === undefined && scaler.status?.unschedulablePods !== undefined;
  const shortage = goOn(known, target, isKnownShort ? now - lookEveryMs : now);
  state.shortage = shortage;
  if (now < shortage.lookAt) return shortage.unschedulable;
  const unschedulable = await look(subject, ports, signal);
  state.shortage = afterLook(shortage, unschedulable, now);
  return unschedulable;
}

function isComplete({ specReplicas, readyReplicas = -1 }: ObservedTarget): boolean {
  return specReplicas === 0 || readyReplicas >= specReplicas;
}

/** A change of the size or a loss of ready pods is reason to look soon, and says that 0 is out of date. */
function goOn(before: Shortage | undefined, target: ObservedTarget, now: number): Shortage {
  const { specReplicas: replicas, readyReplicas } = target;
  const soon = now + lookEveryMs;
  const { lookAt = soon, unschedulable } = before ?? {};
  const lost = (before?.readyReplicas ?? 0) > (readyReplicas ?? 0);
  if (before?.replicas === replicas && !lost) return { ...before, readyReplicas };
  return {
    replicas,
    readyReplicas,
    lookAt: Math.min(lookAt, soon),
    unschedulable: unschedulable === 0 ? undefined : unschedulable,
    inVain: 0,
  };
}

function afterLook(shortage: Shortage, unschedulable: number | undefined, now: number): Shortage {
  const inVain = unschedulable ? 0 : shortage.inVain + 1;
  const waitMs = Math.min(lookEveryMs * 2 ** Math.max(inVain - 1, 0), longestMs);
  return { ...shortage, unschedulable, inVain, lookAt: now + waitMs };
}

async function look(
  { scaler, state, target }: Subject,
  ports: Ports,
  signal: AbortSignal,
): Promise<number | undefined> {
  const count: PodCount =
    target.selector === undefined
      ? { kind: 'unknown', error: new Error('the scale of the target has no status.selector') }
      : await ports.pods.countUnschedulable(scaler.namespace, target.selector, signal);
  if (count.kind === 'unknown' && !state.podsUnknown) ports.onPodsUnknown(scaler, count.error);
  state.podsUnknown = count.kind === 'unknown';
  return count.kind === 'counted' ? count.unschedulable : undefined;
}
