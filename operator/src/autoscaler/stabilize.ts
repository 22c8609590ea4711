import { endsAtCurrent } from './bound.ts';
import type { Link } from './tick.ts';
import type { TimedReplicas } from './types.ts';

/**
 * The windows, as in the HPA: an increase only to the lowest, a decrease only to the highest
 * recommendation that is strictly younger than its window.
 */
export const stabilize: Link = (count, tick) => {
  if (endsAtCurrent(count, tick)) return undefined;
  const { now, current, policy, memory } = tick;
  const upMs = policy.scaleUp.stabilizationWindowMs;
  const downMs = policy.scaleDown.stabilizationWindowMs;
  const lowest = Math.min(count, ...within(memory.recommendations, now, upMs));
  const highest = Math.max(count, ...within(memory.recommendations, now, downMs));
  const to = Math.min(Math.max(current, lowest), highest);
  if (to === count) return undefined;
  const [reason, stabilized, windowMs] =
    count > to
      ? (['ScaleUpStabilized', lowest, upMs] as const)
      : (['ScaleDownStabilized', highest, downMs] as const);
  const message = `${stabilized} was recommended within the last ${windowMs / 1000} s`;
  return { step: 'Stabilize', from: count, to, reason, message };
};

function within(entries: readonly TimedReplicas[], now: number, windowMs: number): number[] {
  return entries.filter((e) => now - e.at < windowMs).map((e) => e.replicas);
}
