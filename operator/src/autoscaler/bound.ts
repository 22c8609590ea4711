import type { Link, Tick } from './tick.ts';

/** Whatever slows the way from the current size to `wanted`, it would end where it begins. */
export function endsAtCurrent(wanted: number, { current, range }: Tick): boolean {
  return current === Math.min(Math.max(wanted, range.minReplicas), range.maxReplicas);
}

/** The last link: what bounds the replicas now wins over everything before. */
export const bound: Link = (from, { range }) => {
  const { minReplicas, maxReplicas, minFrom, maxFrom, isScheduled } = range;
  if (from > maxReplicas)
    return {
      step: 'Bound',
      from,
      to: maxReplicas,
      reason: isScheduled.max ? 'ScheduledMaximum' : 'TooManyReplicas',
      message: maxFrom,
    };
  if (from < minReplicas)
    return {
      step: 'Bound',
      from,
      to: minReplicas,
      reason: isScheduled.min ? 'ScheduledMinimum' : 'TooFewReplicas',
      message: minFrom,
    };
  return undefined;
};
