import type { Behavior, KafkaConsumerScalerSpec, ScaleRules } from '../api/types.gen.ts';
import { parseDecimal } from './fraction.ts';
import { InvalidSpecError } from './invalid-spec.ts';
import type { Fraction, ScalingPolicy, ScalingRules } from './types.ts';

/** The part of spec that decides, with the defaults of the schema filled in by the API server. */
export type SpecOfPolicy = Pick<
  KafkaConsumerScalerSpec,
  | 'minReplicas'
  | 'maxReplicas'
  | 'sizing'
  | 'activation'
  | 'behavior'
  | 'fallback'
  | 'mode'
  | 'paused'
  | 'override'
> & {
  readonly consumer: Pick<
    KafkaConsumerScalerSpec['consumer'],
    'offsetResetPolicy' | 'neverCommitted' | 'threadsPerReplica'
  >;
};

type Direction = keyof Behavior;
type RulesWithoutTolerance = Omit<ScalingRules, 'tolerance'>;

const noLimit = { policies: [], selectPolicy: 'Max' } as const;

/** `behavior` absent: up in one jump, down after 300 s. On purpose not the HPA's 1, 4, 8, 16, … */
const withoutBehavior: Record<Direction, RulesWithoutTolerance> = {
  scaleUp: { stabilizationWindowMs: 0, ...noLimit },
  scaleDown: { stabilizationWindowMs: 300_000, ...noLimit },
};

/** Defaults of autoscaling/v2 for what a present `behavior` leaves out. */
const insideBehavior: Record<Direction, RulesWithoutTolerance> = {
  scaleUp: {
    stabilizationWindowMs: 0,
    policies: [
      { type: 'Pods', value: 4, periodMs: 15_000 },
      { type: 'Percent', value: 100, periodMs: 15_000 },
    ],
    selectPolicy: 'Max',
  },
  scaleDown: {
    stabilizationWindowMs: 300_000,
    policies: [{ type: 'Percent', value: 100, periodMs: 15_000 }],
    selectPolicy: 'Max',
  },
};

/**
 * The spec as the core wants it: exact, in milliseconds, with the defaults the schema cannot express.
 * @param parseTime RFC 3339 to epoch milliseconds, NaN when malformed: the core has no Date
 * @throws InvalidSpecError naming the field, for what the schema let through
 */
export function scalingPolicyOf(
  spec: SpecOfPolicy,
  parseTime: (text: string) => number,
): ScalingPolicy {
  const { consumer, behavior, activation, fallback, override } = spec;
  const { value, tolerance: text } = spec.sizing.lagPerReplica;
  const tolerance = decimal('sizing.lagPerReplica.tolerance', text);
  return {
    minReplicas: spec.minReplicas,
    maxReplicas: spec.maxReplicas,
    lagPerReplica: BigInt(value),
    activation: {
      lag: BigInt(activation.lag),
      cooldownMs: activation.cooldownSeconds * 1000,
      minActiveReplicas: activation.minActiveReplicas,
    },
    offsetResetPolicy: consumer.offsetResetPolicy,
    neverCommitted: consumer.neverCommitted,
    threadsPerReplica: consumer.threadsPerReplica,
    scaleUp: rulesOf('scaleUp', behavior, tolerance),
    scaleDown: rulesOf('scaleDown', behavior, tolerance),
    fallback,
    mode: spec.mode,
    paused: spec.paused,
    override: override && {
      replicas: override.replicas,
      untilMs: time('override.until', override.until, parseTime),
      reason: override.reason,
    },
  };
}

/**
 * The rules of a direction with the defaults of autoscaling/v2.
 * @param behavior undefined: those of lagscaler
 * @param tolerance where the direction has none of its own
 */
export function rulesOf(
  direction: Direction,
  behavior: Behavior | undefined,
  tolerance: Fraction,
): ScalingRules {
  if (!behavior) return { ...withoutBehavior[direction], tolerance };
  const defaults = insideBehavior[direction];
  const rules = behavior[direction] ?? {};
  const field = `behavior.${direction}.tolerance`;
  return {
    stabilizationWindowMs: windowMsOf(rules) ?? defaults.stabilizationWindowMs,
    policies: policiesOf(rules) ?? defaults.policies,
    selectPolicy: rules.selectPolicy ?? defaults.selectPolicy,
    tolerance: rules.tolerance === undefined ? tolerance : decimal(field, rules.tolerance),
  };
}

function windowMsOf({ stabilizationWindowSeconds: seconds }: ScaleRules): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

function policiesOf({ policies }: ScaleRules): ScalingRules['policies'] | undefined {
  return policies?.map(({ type, value, periodSeconds }) => ({
    type,
    value,
    periodMs: periodSeconds * 1000,
  }));
}

function decimal(field: string, text: string): Fraction {
  const fraction = parseDecimal(text);
  if (!fraction) throw new InvalidSpecError(field, `is "${text}": write a decimal such as "0.1"`);
  return fraction;
}

function time(field: string, text: string, parseTime: (text: string) => number): number {
  const ms = parseTime(text);
  if (Number.isNaN(ms))
    throw new InvalidSpecError(
      field,
      `is "${text}": write an RFC 3339 time such as "2026-12-01T00:00:00Z"`,
    );
  return ms;
}
