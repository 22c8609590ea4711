import type { ReplicaBounds } from '../../autoscaler/sizing/demand.ts';
import type { Controller, View, Wish } from '../controller.ts';
import { Hpa, type HpaBehavior, hpaSyncSeconds, replicasForMetric } from './hpa.ts';
import { RateWindow, type Totals, totalsOf } from './totals.ts';

/** A ScaledObject with a Kafka trigger, and perhaps a second one on the rate of arrivals. */
export interface KedaOptions extends ReplicaBounds {
  readonly name: string;
  /** Records per replica. */
  readonly lagThreshold: number;
  readonly evenDistribution: boolean;
  /** Records per second and replica, over 60 s; undefined: no such trigger. */
  readonly rateTarget: number | undefined;
  readonly behavior: HpaBehavior | undefined;
  /** Replicas without a partition are no waste: the lag is not capped. */
  readonly allowIdleConsumers: boolean;
  /** How often KEDA itself looks, which matters at zero only. */
  readonly pollingSeconds: number;
  readonly cooldownSeconds: number;
}

export const kedaDefaults: KedaOptions = {
  name: 'KEDA, defaults',
  minReplicas: 0,
  maxReplicas: 100,
  lagThreshold: 10,
  evenDistribution: false,
  rateTarget: undefined,
  behavior: undefined,
  allowIdleConsumers: false,
  pollingSeconds: 30,
  cooldownSeconds: 300,
};

const rateWindowSeconds = 60;

/**
 * The metric that the Kafka scaler hands to the HPA, in records. The cap is on the metric and by integer
 * division, so that one replica more than partitions gets through and the last few are never reached.
 */
export function kedaMetric(
  lag: number,
  partitions: number,
  options: Pick<KedaOptions, 'lagThreshold' | 'evenDistribution' | 'allowIdleConsumers'>,
): number {
  const { lagThreshold, evenDistribution, allowIdleConsumers } = options;
  const metric = evenDistribution ? evenly(lag, partitions, lagThreshold) : lag;
  const isCapped = !allowIdleConsumers && Math.floor(metric / lagThreshold) > partitions;
  return isCapped ? partitions * lagThreshold : metric;
}

/** Rounded up to a number of replicas that divides the partitions. */
function evenly(lag: number, partitions: number, threshold: number): number {
  for (let replicas = 1; replicas < partitions; replicas++)
    if (partitions % replicas === 0 && replicas * threshold >= lag) return replicas * threshold;
  return partitions * threshold;
}

/** KEDA with the HPA it creates: the HPA moves between 1 and N, KEDA itself to and from zero. */
export function keda(options: KedaOptions): Controller {
  const hpa = new Hpa(
    { ...options, minReplicas: Math.max(1, options.minReplicas) },
    options.behavior,
  );
  const rate = new RateWindow(rateWindowSeconds);
  let lastActiveAt = 0;
  const decide = (view: View): Wish => {
    const { seconds, replicas } = view;
    const totals = totalsOf(view);
    if (!totals) return { replicas, reason: 'no metrics' };
    const arrivals = rate.add(seconds, totals.end) ?? 0;
    if (totals.lag > 0) lastActiveAt = seconds;
    const own = activate(view, options, seconds - lastActiveAt);
    if (own) return own;
    const recommended = recommend(options, totals, arrivals, Math.max(1, view.pods));
    const next = hpa.next(seconds * 1000, replicas, recommended);
    return { replicas: next, reason: `metrics ask for ${recommended}` };
  };
  return { name: options.name, intervalSeconds: hpaSyncSeconds, decide, restart: () => undefined };
}

/** The largest of the metrics counts. */
function recommend(options: KedaOptions, totals: Totals, arrivals: number, pods: number): number {
  const { lagThreshold, rateTarget } = options;
  const metric = kedaMetric(totals.lag, totals.partitions, options);
  const byLag = replicasForMetric(metric, lagThreshold, pods);
  return rateTarget === undefined
    ? byLag
    : Math.max(byLag, replicasForMetric(arrivals, rateTarget, pods));
}

/** The steps that are KEDA's own, at its polls: from zero to one, and from any size to zero. */
function activate(view: View, options: KedaOptions, idleSeconds: number): Wish | undefined {
  const { seconds, replicas } = view;
  const isPoll = seconds % options.pollingSeconds < hpaSyncSeconds;
  if (replicas === 0 && idleSeconds === 0 && isPoll) return { replicas: 1, reason: 'active' };
  const isOver = options.minReplicas === 0 && idleSeconds >= options.cooldownSeconds;
  if (replicas === 0 || (isOver && isPoll)) return { replicas: 0, reason: 'inactive' };
  return undefined;
}
