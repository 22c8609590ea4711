import type { Tick } from './tick.ts';
import type { Fallback, Step } from './types.ts';

/** Replicas a fallback asks for; not bounded. */
export function fallbackReplicas({ behavior, replicas }: Fallback, current: number): number {
  switch (behavior) {
    case 'static':
      return replicas;
    case 'currentReplicas':
      return current;
    case 'currentReplicasIfHigher':
      return Math.max(current, replicas);
    case 'currentReplicasIfLower':
      return Math.min(current, replicas);
  }
}

/**
 * While lag cannot be read: hold, for as long as it takes; after more failures than
 * `fallback.failureThreshold` what the owner chose. The fallback is absolute: only maxReplicas bounds
 * it, since a cap or a window would need the very offsets that are missing.
 */
export function holdOrFallBack(tick: Tick): Step {
  const { current, policy, memory, reading } = tick;
  const { fallback, maxReplicas } = policy;
  const { kind, reason, message } = reading;
  if (kind !== 'failed' || !fallback || memory.failures <= fallback.failureThreshold)
    return { step: 'Hold', from: current, to: current, reason, message };
  const { behavior, failureThreshold, replicas } = fallback;
  return {
    step: 'Fallback',
    from: current,
    to: Math.min(fallbackReplicas(fallback, current), maxReplicas),
    reason: 'FallbackActive',
    message: `fallback ${behavior} ${replicas} after ${memory.failures} failed readings (threshold ${failureThreshold}): ${message}`,
  };
}
