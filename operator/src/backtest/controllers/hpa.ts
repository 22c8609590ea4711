import type { Behavior } from '../../api/types.gen.ts';
import { remember } from '../../autoscaler/memory.ts';
import { rulesOf } from '../../autoscaler/policy.ts';
import { scaleDownLimit, scaleUpLimit } from '../../autoscaler/rate-policies.ts';
import type { ReplicaBounds } from '../../autoscaler/sizing/demand.ts';
import type { Fraction, ScaleEvent, ScalingRules, TimedReplicas } from '../../autoscaler/types.ts';

/** `spec.behavior` of a HorizontalPodAutoscaler. */
export interface HpaBehavior {
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
}

/** With the defaults of autoscaling/v2 for what is absent. */
export function behaviorOf(behavior: Behavior): HpaBehavior {
  return {
    scaleUp: rulesOf('scaleUp', behavior, hpaTolerance),
    scaleDown: rulesOf('scaleDown', behavior, hpaTolerance),
  };
}

const hpaTolerance: Fraction = { numerator: 1n, denominator: 10n };
const withoutBehavior = { downWindowMs: 300_000, tolerance: 0.1 };
/** Between two passes of the HPA controller. */
export const hpaSyncSeconds = 15;

/**
 * Replicas for an external metric with an average target.
 * @param metric of the whole group, in the unit of `target`
 * @param pods status.replicas, at least 1
 */
export function replicasForMetric(metric: number, target: number, pods: number): number {
  const ratio = metric / (target * pods);
  const { tolerance } = withoutBehavior;
  if (ratio >= 1 - tolerance && ratio <= 1 + tolerance) return pods;
  return Math.ceil(metric / target);
}

/** From a recommendation to replicas, as the HorizontalPodAutoscaler limits it in windows and steps. */
export class Hpa {
  /** May change from one pass to the next. */
  behavior: HpaBehavior | undefined;
  readonly #bounds: ReplicaBounds;
  #recommendations: readonly TimedReplicas[] = [];
  #events: readonly ScaleEvent[] = [];

  /** @param behavior undefined: double or 4 at each sync, and down after 300 s */
  constructor(bounds: ReplicaBounds, behavior: HpaBehavior | undefined) {
    this.#bounds = bounds;
    this.behavior = behavior;
  }

  /** The window begins with the current replicas. */
  start(nowMs: number, replicas: number): void {
    this.#recommendations = [{ at: nowMs, replicas }];
  }

  next(nowMs: number, current: number, recommended: number): number {
    if (this.#recommendations.length === 0) this.start(nowMs, current);
    const limited = this.behavior
      ? this.#byBehavior(this.behavior, { now: nowMs, current, recommended })
      : this.#byDefault({ now: nowMs, current, recommended });
    this.#recommendations = remember(this.#recommendations, nowMs, recommended);
    const { minReplicas, maxReplicas } = this.#bounds;
    const next = Math.min(maxReplicas, Math.max(minReplicas, limited));
    if (next !== current) this.#events = [...this.#events, { at: nowMs, change: next - current }];
    return next;
  }

  #byDefault({ now, current, recommended }: Step): number {
    const stabilized = Math.max(recommended, ...this.#within(now, withoutBehavior.downWindowMs));
    return Math.min(stabilized, Math.max(2 * current, 4));
  }

  #byBehavior({ scaleUp, scaleDown }: HpaBehavior, { now, current, recommended }: Step): number {
    const up = Math.min(recommended, ...this.#within(now, scaleUp.stabilizationWindowMs));
    const down = Math.max(recommended, ...this.#within(now, scaleDown.stabilizationWindowMs));
    const stabilized = Math.min(Math.max(current, up), down);
    const input = { now, current, events: this.#events };
    if (stabilized > current) return Math.min(stabilized, limitOf(scaleUp, input, 'up'));
    return Math.max(stabilized, limitOf(scaleDown, input, 'down'));
  }

  #within(now: number, windowMs: number): readonly number[] {
    return this.#recommendations.filter((r) => now - r.at < windowMs).map((r) => r.replicas);
  }
}

interface Step {
  readonly now: number;
  readonly current: number;
  readonly recommended: number;
}

function limitOf(
  rules: ScalingRules,
  input: Parameters<typeof scaleUpLimit>[1],
  direction: 'up' | 'down',
): number {
  if (rules.selectPolicy === 'Disabled') return input.current;
  return direction === 'up' ? scaleUpLimit(rules, input) : scaleDownLimit(rules, input);
}
