import type { Link } from './tick.ts';

/**
 * No replicas on top of pods that no node has room for: they would only wait beside them. Scale-in stays
 * allowed, and a number that nobody knows holds nothing.
 */
export const holdWhileUnschedulable: Link = (wanted, { current, target, unschedulable = 0 }) => {
  if (wanted <= current || unschedulable === 0) return undefined;
  const message = describeUnschedulable({
    desired: current,
    ready: target.readyReplicas,
    unschedulable,
  });
  return { step: 'Hold', from: wanted, to: current, reason: 'Unschedulable', message };
};

/** The words of step, condition and event, e.g. `desired 40, ready 12, 28 Pending: Unschedulable`. */
export function describeUnschedulable(pods: {
  readonly desired: number;
  /** Undefined for kinds that do not say. */
  readonly ready: number | undefined;
  readonly unschedulable: number;
}): string {
  const ready = pods.ready === undefined ? '' : `ready ${pods.ready}, `;
  return `desired ${pods.desired}, ${ready}${pods.unschedulable} Pending: Unschedulable`;
}
