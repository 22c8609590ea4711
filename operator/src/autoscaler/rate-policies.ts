import { endsAtCurrent } from './bound.ts';
import type { Link } from './tick.ts';
import type { RatePolicy, ScaleEvent, ScalingRules } from './types.ts';

type Direction = 'scaleUp' | 'scaleDown';

/** How far the policies of a direction let the replicas go from here. */
export interface RateInput {
  readonly now: number;
  readonly current: number;
  readonly events: readonly ScaleEvent[];
}

/**
 * @returns the most replicas a scale-up may reach, at least the current ones; Infinity without policies
 */
export function scaleUpLimit(rules: ScalingRules, input: RateInput): number {
  const limits = rules.policies.map((policy) => {
    const start = periodStart(policy, input);
    return policy.type === 'Pods'
      ? start + policy.value
      : Math.ceil((start * (100 + policy.value)) / 100);
  });
  if (limits.length === 0) return Number.POSITIVE_INFINITY;
  const limit = rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
  return Math.max(limit, input.current);
}

/** @returns the fewest replicas a scale-down may reach, at most the current ones; 0 without policies */
export function scaleDownLimit(rules: ScalingRules, input: RateInput): number {
  const limits = rules.policies.map((policy) => {
    const start = periodStart(policy, input);
    // In integers: in floating point 20 % of 50 is 9.999…, and one replica too many would go.
    const left =
      policy.type === 'Pods'
        ? start - policy.value
        : Math.floor((start * (100 - policy.value)) / 100);
    return Math.max(0, left);
  });
  if (limits.length === 0) return 0;
  const limit = rules.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
  return Math.min(limit, input.current);
}

/** The replicas at the start of the period: what we added since is taken off, what we removed is put back. */
function periodStart({ periodMs }: RatePolicy, { now, current, events }: RateInput): number {
  return events
    .filter((event) => now - event.at < periodMs)
    .reduce((replicas, event) => replicas - event.change, current);
}

/** selectPolicy Disabled forbids a direction, also for the jumps that no window or policy slows. */
export const unlessDisabled: Link = (from, { current, policy }) => {
  const direction = directionOf(from, current);
  if (direction === undefined || policy[direction].selectPolicy !== 'Disabled') return undefined;
  return limited(direction, from, current, 'selectPolicy is Disabled');
};

/** The policies of `behavior`, in the direction of the change only. */
export const limitRate: Link = (from, tick) => {
  if (endsAtCurrent(from, tick)) return undefined;
  const disabled = unlessDisabled(from, tick);
  if (disabled) return disabled;
  const { now, current, policy, memory } = tick;
  const input = { now, current, events: memory.scaleEvents };
  const direction = directionOf(from, current);
  const to =
    direction === 'scaleUp'
      ? Math.min(from, scaleUpLimit(policy.scaleUp, input))
      : Math.max(from, scaleDownLimit(policy.scaleDown, input));
  if (direction === undefined || to === from) return undefined;
  return limited(direction, from, to, `policies allow ${to} for now`);
};

function directionOf(from: number, current: number): Direction | undefined {
  if (from === current) return undefined;
  return from > current ? 'scaleUp' : 'scaleDown';
}

function limited(direction: Direction, from: number, to: number, why: string) {
  const reason = direction === 'scaleUp' ? 'ScaleUpLimit' : 'ScaleDownLimit';
  return { step: 'LimitRate', from, to, reason, message: `behavior.${direction} ${why}` } as const;
}
