import type { Link, Tick } from './tick.ts';

/** Whatever slows the way from the current size to `wanted`, it would end where it begins. */
export function endsAtCurrent(wanted: number, { current, policy }: Tick): boolean {
  return current === Math.min(Math.max(wanted, policy.minReplicas), policy.maxReplicas);
}

/** The last link: minReplicas and maxReplicas win over everything before. */
export const bound: Link = (from, { policy: { minReplicas, maxReplicas } }) => {
  if (from > maxReplicas)
    return {
      step: 'Bound',
      from,
      to: maxReplicas,
      reason: 'TooManyReplicas',
      message: `maxReplicas is ${maxReplicas}`,
    };
  if (from < minReplicas)
    return {
      step: 'Bound',
      from,
      to: minReplicas,
      reason: 'TooFewReplicas',
      message: `minReplicas is ${minReplicas}`,
    };
  return undefined;
};
