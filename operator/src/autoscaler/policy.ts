import type { Behavior, KafkaConsumerScalerSpec, ScaleRules } from '../api/types.gen.ts';
import type { Calendar } from './calendar.ts';
import { parseDecimal } from './fraction.ts';
import { InvalidSpecError } from './invalid-spec.ts';
import { floorsOf } from './policy-floors.ts';
import { sizingOf } from './policy-sizing.ts';
import type { Fraction, ScalingPolicy, ScalingRules } from './types.ts';

/** The part of spec that decides, with the defaults of the schema filled in by the API server. */
export type SpecOfPolicy = Pick<
  KafkaConsumerScalerSpec,
  | 'minReplicas'
  | 'maxReplicas'
  | 'floors'
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
 * @throws InvalidSpecError naming the field, for what the schema let through
 */
export function scalingPolicyOf(spec: SpecOfPolicy, calendar: Calendar): ScalingPolicy {
  const { consumer, activation, fallback, override } = spec;
  const rules = (direction: Direction) => rulesOf(direction, spec.behavior, toleranceOf(spec));
  const isUnlimited = spec.sizing.timeLag && !spec.behavior;
  return {
    minReplicas: spec.minReplicas,
    maxReplicas: spec.maxReplicas,
    floors: floorsOf(spec.floors ?? [], calendar),
    sizing: sizingOf(spec.sizing),
    activation: {
      lag: BigInt(activation.lag),
      cooldownMs: activation.cooldownSeconds * 1000,
      minActiveReplicas: activation.minActiveReplicas,
    },
    offsetResetPolicy: consumer.offsetResetPolicy,
    neverCommitted: consumer.neverCommitted,
    threadsPerReplica: consumer.threadsPerReplica,
    scaleUp: rules('scaleUp'),
    scaleDown: isUnlimited ? withoutWindow(rules('scaleDown')) : rules('scaleDown'),
    fallback,
    mode: spec.mode,
    paused: spec.paused,
    override: override && {
      replicas: override.replicas,
      untilMs: time('override.until', override.until, calendar),
      reason: override.reason,
    },
  };
}

function toleranceOf({ sizing }: SpecOfPolicy): Fraction {
  return decimal('sizing.lagPerReplica.tolerance', sizing.lagPerReplica?.tolerance ?? '0');
}

/** timeLag has a window of its own: `behavior` is only a last limit on it. */
function withoutWindow(rules: ScalingRules): ScalingRules {
  return { ...rules, stabilizationWindowMs: 0 };
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

function time(field: string, text: string, { parseTime }: Calendar): number {
  const ms = parseTime(text);
  if (Number.isNaN(ms))
    throw new InvalidSpecError(
      field,
      `is "${text}": write an RFC 3339 time such as "2026-12-01T00:00:00Z"`,
    );
  return ms;
}
