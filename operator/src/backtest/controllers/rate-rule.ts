import type { ReplicaBounds } from '../../autoscaler/sizing/demand.ts';
import type { Controller } from '../controller.ts';
import { Hpa, type HpaBehavior, hpaSyncSeconds, replicasForMetric } from './hpa.ts';
import { RateWindow, totalsOf } from './totals.ts';

export interface RateRuleOptions extends ReplicaBounds {
  readonly name: string;
  /** Records per second that a replica should have. */
  readonly rateTarget: number;
  readonly windowSeconds: number;
  readonly behavior: HpaBehavior | undefined;
}

/** An HPA on the rate of arrivals: blind for the backlog. */
export function rateRule(options: RateRuleOptions): Controller {
  const hpa = new Hpa(options, options.behavior);
  const rate = new RateWindow(options.windowSeconds);
  return {
    name: options.name,
    intervalSeconds: hpaSyncSeconds,
    decide(view) {
      const totals = totalsOf(view);
      const arrivals = totals && rate.add(view.seconds, totals.end);
      if (arrivals === undefined) return { replicas: view.replicas, reason: 'no metrics' };
      const recommended = replicasForMetric(arrivals, options.rateTarget, Math.max(1, view.pods));
      const replicas = hpa.next(view.seconds * 1000, view.replicas, recommended);
      return { replicas, reason: `${Math.round(arrivals)}/s ask for ${recommended}` };
    },
    restart: () => undefined,
  };
}
