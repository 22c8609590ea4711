import type { ReplicaBounds } from '../../autoscaler/sizing/demand.ts';
import type { Controller, View } from '../controller.ts';
import { RateWindow, totalsOf } from './totals.ts';

/** One partition as the vertex autoscaler sees it. */
export interface NumaflowPartition {
  /** Records per second that are processed. */
  readonly rate: number;
  readonly pending: number;
}

const defaults = {
  targetProcessingSeconds: 20,
  lookbackSeconds: 120,
  cooldownSeconds: 90,
  maxStep: 2,
} as const;

/** Replicas for every partition to process what is pending in the target time; the largest counts. */
export function numaflowReplicas(
  partitions: readonly NumaflowPartition[],
  { readyReplicas, targetProcessingSeconds }: NumaflowTarget,
): number {
  const each = partitions.map(({ rate, pending }) => {
    if (pending === 0 && rate === 0) return 0;
    // Pending without progress: something is wrong, more replicas would not help.
    if (rate === 0) return readyReplicas;
    return Math.round((pending / rate / targetProcessingSeconds) * readyReplicas);
  });
  return Math.max(...each);
}

interface NumaflowTarget {
  readonly readyReplicas: number;
  readonly targetProcessingSeconds: number;
}

/** What may be done of a wish now: nothing during the cooldown, and `maxStep` replicas at once. */
export function numaflowStep(wish: {
  readonly current: number;
  /** Undefined at zero: the vertex is woken to see what happens. */
  readonly wanted: number | undefined;
  readonly bounds: ReplicaBounds;
  readonly maxStep: number;
  readonly isCoolingDown: boolean;
}): number {
  const { current, wanted, bounds, maxStep, isCoolingDown } = wish;
  if (isCoolingDown) return current;
  const bounded = clamp(wanted ?? Math.max(current, 1), bounds.minReplicas, bounds.maxReplicas);
  // Replicas outside of the bounds go back into them at once.
  const within = clamp(current, bounds.minReplicas, bounds.maxReplicas);
  return within === current ? clamp(bounded, current - maxStep, current + maxStep) : within;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}

/** The vertex autoscaler of Numaflow, with its defaults. A whole Kafka source is one partition to it. */
export function numaflow(name: string, bounds: ReplicaBounds): Controller {
  const processed = new RateWindow(defaults.lookbackSeconds);
  let scaledAt = 0;
  const decide = (view: View) => {
    const { seconds, replicas: current, readyPods } = view;
    const totals = totalsOf(view);
    if (!totals) return { replicas: current, reason: 'no metrics' };
    const rate = processed.add(seconds, totals.committed) ?? 0;
    if (readyPods !== current) return { replicas: current, reason: 'replicas are not ready' };
    const source = [{ rate, pending: totals.lag }];
    const wanted = numaflowReplicas(source, { ...defaults, readyReplicas: current });
    const isCoolingDown = seconds - scaledAt < defaults.cooldownSeconds;
    const replicas = numaflowStep({ current, wanted, bounds, isCoolingDown, ...defaults });
    if (replicas !== current) scaledAt = seconds;
    return { replicas, reason: `pending asks for ${wanted}` };
  };
  return { name, intervalSeconds: 15, decide, restart: () => undefined };
}
