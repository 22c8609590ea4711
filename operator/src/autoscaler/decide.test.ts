import { describe, expect, test } from 'vitest';
import { decide } from './decide.ts';
import { fallbackReplicas } from './fallback.ts';
import {
  basePolicy,
  byLag,
  directPolicy,
  observation,
  offsets,
  partitionsWithLag,
  reading,
  stableGroup,
  unavailable,
} from './fixtures.ts';
import { scaleDownLimit, scaleUpLimit } from './rate-policies.ts';
import type { Observation, ScalingPolicy, ScalingRules } from './types.ts';

const direct = (change: Partial<ScalingPolicy> = {}) => ({
  policy: { ...directPolicy, ...change },
});
const lagOf = (lag: number, partitions = 40) => reading(partitionsWithLag(partitions, lag));
const incomplete = reading(
  partitionsWithLag(40, 100).map((p) => (p.partition > 36 ? { ...p, end: undefined } : p)),
);
const twoTopics = ['a', 'b'].flatMap((topic) =>
  partitionsWithLag(10, 1000).map((p) => ({ ...p, topic })),
);
const withAssignor = (assignor: string) =>
  ({
    ...reading(twoTopics),
    group: { ...stableGroup, assignor },
  }) as const;

describe('what a person on call reads first', () => {
  test.for<[string, Observation, string]>([
    [
      'a scale-up says lag, ratio, target and size',
      observation(1, lagOf(1650), direct(byLag(50n))),
      'LagAboveTarget: lag 1650 is 33.0 × the target of 50 per replica: 1 → 33',
    ],
    [
      'and what cut it',
      observation(1, lagOf(5000), direct()),
      'LagAboveTarget: lag 5000 is 500.0 × the target of 10 per replica; 40 partitions keep at most 40 replicas busy: 1 → 40',
    ],
    [
      'threads are part of the cap',
      observation(1, lagOf(5000), direct({ threadsPerReplica: 3 })),
      'LagAboveTarget: lag 5000 is 500.0 × the target of 10 per replica; 40 partitions at 3 threads each keep at most 14 replicas busy: 1 → 14',
    ],
    [
      'range deals out the largest topic',
      observation(1, withAssignor('range'), direct()),
      'LagAboveTarget: lag 2000 is 200.0 × the target of 10 per replica; 10 partitions of the largest topic (range assignor) keep at most 10 replicas busy: 1 → 10',
    ],
    [
      'idle replicas beyond the cap go, whatever the lag',
      observation(50, lagOf(5000), direct()),
      'PartitionLimited: lag 5000 is 10.0 × the target of 10 per replica; 40 partitions keep at most 40 replicas busy: 50 → 40',
    ],
    [
      'minReplicas beats the cap',
      observation(1, lagOf(5000, 4), direct({ minReplicas: 6 })),
      'LagAboveTarget: lag 5000 is 500.0 × the target of 10 per replica; 4 partitions keep at most 4 replicas busy; minReplicas is 6: 1 → 6',
    ],
    [
      'a scale-in',
      observation(8, lagOf(0), direct()),
      'LagBelowTarget: lag 0 is 0.00 × the target of 10 per replica; minReplicas is 1: 8 → 1',
    ],
    [
      'within tolerance',
      observation(10, lagOf(105)),
      'WithinTolerance: held at 10: lag 105 is 1.05 × the target of 10 per replica, within tolerance',
    ],
    [
      'a window',
      observation(10, lagOf(20)),
      'ScaleDownStabilized: held at 10: lag 20 is 0.20 × the target of 10 per replica; 10 was recommended within the last 300 s',
    ],
    [
      'pods that find no node',
      observation(40, lagOf(6000, 80), { ...direct(), unschedulable: 28 }),
      'Unschedulable: held at 40: desired 40, ready 40, 28 Pending: Unschedulable',
    ],
    [
      'an incomplete reading',
      observation(10, incomplete),
      'LagIncomplete: held at 10: 3 of 40 partitions are unknown, so no scale-in',
    ],
    [
      'a failed reading',
      observation(10, unavailable),
      'KafkaUnreachable: held at 10: no broker of kafka:9092 answered within 5 s',
    ],
    [
      'a reading without partitions is no lag of zero',
      observation(10, reading([]), direct()),
      'NoTopics: held at 10: the reading holds no partition',
    ],
    [
      'a pause still shows what lag asks for',
      observation(7, lagOf(200), direct({ paused: true })),
      'Paused: spec.paused is set, so nothing is written; lag 200 is 2.9 × the target of 10 per replica: 7 → 20',
    ],
    [
      'another autoscaler',
      observation(7, lagOf(200), {
        ...direct(),
        conflict: { owner: 'HorizontalPodAutoscaler shop/orders' },
      }),
      'ConflictingAutoscaler: HorizontalPodAutoscaler shop/orders owns the same target, so nothing is written; lag 200 is 2.9 × the target of 10 per replica: 7 → 20',
    ],
    [
      'an override',
      observation(
        7,
        lagOf(200),
        direct({
          override: { replicas: 99, untilMs: 1_000_003_600, reason: 'migration' },
          maxReplicas: 50,
        }),
      ),
      'Overridden: spec.override holds 50 for another 4 s: migration: 7 → 50',
    ],
    [
      'a wake-up',
      observation(0, lagOf(120), direct({ minReplicas: 0 })),
      'LagAboveTarget: lag 120 at 10 per replica, none running: 0 → 12',
    ],
    [
      'a fallback',
      observation(
        4,
        unavailable,
        direct({ fallback: { failureThreshold: 0, replicas: 9, behavior: 'static' } }),
      ),
      'FallbackActive: fallback static 9 after 1 failed readings (threshold 0): no broker of kafka:9092 answered within 5 s: 4 → 9',
    ],
  ])('%s', ([, observed, text]) => {
    const { reason, message } = decide(observed);
    expect(`${reason}: ${message}`).toBe(text);
  });
});

test('the steps are the chain with its numbers', () => {
  const { steps } = decide(
    observation(1, lagOf(5000), direct({ maxReplicas: 30, mode: 'Recommend' })),
  );
  expect(steps.map(({ step, from, to, reason }) => [step, from, to, reason])).toEqual([
    ['Recommend', 1, 500, 'LagAboveTarget'],
    ['CapAtPartitions', 500, 40, 'PartitionLimited'],
    ['Bound', 40, 30, 'TooManyReplicas'],
    ['Hold', 30, 1, 'Recommending'],
  ]);
});

test('pods that still end do not make a wake-up smaller', () => {
  const seen = observation(0, lagOf(100), direct({ minReplicas: 0 }));
  const target = { ...seen.target, statusReplicas: 10 };
  expect(decide({ ...seen, target }).desiredReplicas).toBe(10);
});

test('a lag beyond any size is as good as the maximum', () => {
  const huge = reading([offsets({ end: 2n ** 63n - 1n, committed: 0n })]);
  expect(decide(observation(1, huge, direct(byLag(1n)))).desiredReplicas).toBe(1);
});

test('the assignor is remembered while the group is empty', () => {
  const first = decide(observation(1, withAssignor('range'), direct()));
  const empty = {
    ...withAssignor('range'),
    group: { ...stableGroup, state: 'Empty', members: 0, assignedMembers: 0, assignor: undefined },
  };
  expect(decide(observation(1, empty, { ...direct(), memory: first.memory })).desiredReplicas).toBe(
    10,
  );
});

test('what is unknown does not raise a group to minActiveReplicas', () => {
  const idle = partitionsWithLag(40, 0).map((p) =>
    p.partition > 36 ? { ...p, end: undefined } : p,
  );
  const policy = {
    ...directPolicy,
    minReplicas: 0,
    activation: { ...basePolicy.activation, minActiveReplicas: 5 },
  };
  const earlier = decide(observation(2, reading(idle), { policy, now: 0 }));
  const later = decide(
    observation(2, reading(idle), { policy, now: 60_000, memory: earlier.memory }),
  );
  expect(later).toMatchObject({ action: 'hold', reason: 'LagIncomplete' });
});

test('an override is over at its time', () => {
  const override = { replicas: 3, untilMs: 1_000_000_000, reason: 'migration' };
  expect(decide(observation(7, lagOf(70), direct({ override }))).action).toBe('hold');
});

test.for([
  ['static', 4, 9],
  ['currentReplicas', 4, 4],
  ['currentReplicasIfHigher', 4, 9],
  ['currentReplicasIfHigher', 12, 12],
  ['currentReplicasIfLower', 4, 4],
  ['currentReplicasIfLower', 12, 9],
] as const)('fallback %s at %s gives %s', ([behavior, current, replicas]) =>
  expect(fallbackReplicas({ behavior, failureThreshold: 3, replicas: 9 }, current)).toBe(replicas),
);

describe('rate policies', () => {
  const pods = { type: 'Pods', value: 4, periodMs: 60_000 } as const;
  const percent = { type: 'Percent', value: 80, periodMs: 60_000 } as const;
  const rules = (change: Partial<ScalingRules>) => ({ ...basePolicy.scaleUp, ...change });
  const at = (current: number, change = 0) => ({
    now: 60_000,
    current,
    events: [{ at: 1, change }],
  });

  test.for([
    ['Max takes the larger change', rules({ policies: [pods, percent] }), at(50), 90, 10],
    [
      'Min takes the smaller change',
      rules({ policies: [pods, percent], selectPolicy: 'Min' }),
      at(50),
      54,
      46,
    ],
    ['added replicas count', rules({ policies: [pods] }), at(14, 4), 14, 6],
    ['removed replicas are put back', rules({ policies: [pods] }), at(6, -4), 14, 6],
    ['never below zero', rules({ policies: [pods] }), at(2), 6, 0],
    ['no policies, no limit', rules({}), at(2), Number.POSITIVE_INFINITY, 0],
  ] as const)('%s', ([, limits, input, up, down]) => {
    expect(scaleUpLimit(limits, input)).toBe(up);
    expect(scaleDownLimit(limits, input)).toBe(down);
  });
});
