import { expect, test } from 'vitest';
import { InvalidSpecError } from './invalid-spec.ts';
import { type SpecOfPolicy, scalingPolicyOf } from './policy.ts';

const spec: SpecOfPolicy = {
  minReplicas: 1,
  maxReplicas: 10,
  sizing: { lagPerReplica: { value: 9_007_199_254_740_991, tolerance: '0.1' } },
  activation: { lag: 5, cooldownSeconds: 60, minActiveReplicas: 2 },
  consumer: { offsetResetPolicy: 'earliest', neverCommitted: 'ignore', threadsPerReplica: 3 },
  mode: 'Recommend',
  paused: true,
};
const policyOf = (change: Partial<SpecOfPolicy> = {}) =>
  scalingPolicyOf({ ...spec, ...change }, Date.parse);
const tenth = { numerator: 1n, denominator: 10n };

test('every field arrives, in milliseconds and exact', () =>
  expect(policyOf()).toEqual({
    minReplicas: 1,
    maxReplicas: 10,
    lagPerReplica: 9_007_199_254_740_991n,
    activation: { lag: 5n, cooldownMs: 60_000, minActiveReplicas: 2 },
    offsetResetPolicy: 'earliest',
    neverCommitted: 'ignore',
    threadsPerReplica: 3,
    scaleUp: { stabilizationWindowMs: 0, policies: [], selectPolicy: 'Max', tolerance: tenth },
    scaleDown: {
      stabilizationWindowMs: 300_000,
      policies: [],
      selectPolicy: 'Max',
      tolerance: tenth,
    },
    fallback: undefined,
    mode: 'Recommend',
    paused: true,
    override: undefined,
  }));

test('an empty behavior has the defaults of autoscaling/v2', () => {
  const percent = { type: 'Percent', value: 100, periodMs: 15_000 };
  expect(policyOf({ behavior: {} })).toMatchObject({
    scaleUp: {
      stabilizationWindowMs: 0,
      policies: [{ type: 'Pods', value: 4, periodMs: 15_000 }, percent],
      selectPolicy: 'Max',
    },
    scaleDown: { stabilizationWindowMs: 300_000, policies: [percent], selectPolicy: 'Max' },
  });
});

test('a rule that is given replaces its default only', () => {
  const policies = [{ type: 'Pods', value: 2, periodSeconds: 60 }] as const;
  const { scaleUp, scaleDown } = policyOf({
    behavior: {
      scaleUp: { policies, selectPolicy: 'Min', tolerance: '0.05' },
      scaleDown: { stabilizationWindowSeconds: 0 },
    },
  });
  expect(scaleUp).toEqual({
    stabilizationWindowMs: 0,
    policies: [{ type: 'Pods', value: 2, periodMs: 60_000 }],
    selectPolicy: 'Min',
    tolerance: { numerator: 5n, denominator: 100n },
  });
  expect(scaleDown).toMatchObject({ stabilizationWindowMs: 0, tolerance: tenth });
  expect(scaleDown.policies).toHaveLength(1);
});

test('override and fallback are taken over', () => {
  const fallback = { failureThreshold: 0, replicas: 2, behavior: 'static' } as const;
  const override = { replicas: 4, until: '2026-12-01T00:00:00Z', reason: 'migration' };
  expect(policyOf({ fallback, override })).toMatchObject({
    fallback,
    override: { replicas: 4, untilMs: Date.UTC(2026, 11, 1), reason: 'migration' },
  });
});

test.for<[string, Partial<SpecOfPolicy>]>([
  ['sizing.lagPerReplica.tolerance', { sizing: { lagPerReplica: { value: 1, tolerance: '10%' } } }],
  ['behavior.scaleUp.tolerance', { behavior: { scaleUp: { tolerance: '' } } }],
  ['behavior.scaleDown.tolerance', { behavior: { scaleDown: { tolerance: '-1' } } }],
  ['override.until', { override: { replicas: 1, until: 'tomorrow', reason: 'x' } }],
])('a bad %s is refused by name', ([field, change]) => {
  expect(() => policyOf(change)).toThrow(InvalidSpecError);
  expect(() => policyOf(change)).toThrow(expect.objectContaining({ field }));
});
