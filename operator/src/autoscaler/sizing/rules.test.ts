import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sizeByTime } from './decide-by-time.ts';
import { arriving, calm, layout24, objective } from './fixtures.ts';
import { noRegret } from './regret.ts';
import { type Situation, sizeFor, utilizationOf } from './situation.ts';
import { initialState } from './state.ts';
import { defaultTuning } from './tuning.ts';
import { wishFor } from './wish.ts';

const unknown = { perReplica: undefined, thisTick: undefined, lowerBound: undefined };
const atLeast900 = { capacity: { ...unknown, lowerBound: 900 } };
const lagging = (age: number, excessLag: number, s: Situation = calm): Situation => ({
  ...s,
  excessLag,
  load: { ...s.load, age, lag: excessLag + s.load.lag },
});
const state = (change: Partial<Situation['state']>) => ({ state: { ...initialState, ...change } });
const slower = (undone: number) =>
  state({
    capacity: { samples: [1000, 1000, 500], sampledAt: 0, lowerBound: undefined },
    regret: { ...noRegret, undone },
  });
const frozen = (revertTo: number | undefined) =>
  state({
    freeze: { until: calm.now + 60_000, step: 0, revertTo, consumption: undefined },
  });
/** For so many seconds. */
const notReady = (readyReplicas: number, seconds: number) => ({
  allPodsReady: false,
  ...state({
    calm: {
      pods: { specReplicas: 8, statusReplicas: 8, readyReplicas, partitions: 24 },
      changedAt: calm.now - seconds * 1000,
    },
  }),
});
const effect = { at: 0, from: 4, to: 8, demand: 9000, consumption: 4000 };
const nothingWished = ['stay', 8, 'WithinObjective'] as const;

describe('the wish', () => {
  test.for([
    ['stays while the load is within its band', arriving(8000), ...nothingWished],
    [
      'goes up when records would be too old before more replicas read',
      lagging(29, 0, arriving(12_000)), // a third of what arrives is left for 30 s, and 4 s nobody reads
      'up',
      24,
      'LoadAboveCapacity',
    ],
    ['not while they would not', lagging(28, 0, arriving(12_000)), ...nothingWished],
    ['goes down when 90 % of fewer is enough', arriving(5400), 'down', 6, 'LoadBelowCapacity'],
    ['not when it is not', arriving(5401), ...nothingWished],
    [
      'goes down by the last sample alone after a scale-down that was undone, if it is much lower',
      arriving(2600, slower(1)),
      'down',
      6,
      'LoadBelowCapacity',
    ],
    ['not otherwise', arriving(2600, slower(0)), 'down', 3, 'LoadBelowCapacity'],
    ['says that records are too old', lagging(61, 0), 'stay', 8, 'TimeLagAboveTarget'],
    [
      'counts what a slow moment leaves',
      lagging(39, 0, arriving(5000, { capacity: { ...calm.capacity, thisTick: 500 } })),
      'up',
      12,
      'LoadAboveCapacity',
    ],
    [
      'not when the current size drains it in time, and only a rebalance is in the way',
      lagging(39, 230_000), // 6000 + 230 000 / 120 = 7917/s, and 8117/s with the 4 s of a rebalance
      ...nothingWished,
    ],
    [
      'goes up when records are old and there is backlog',
      lagging(39, 480_000),
      'up',
      12,
      'TimeLagAboveTarget',
    ],
    ['not when they are old because commits are rare', lagging(39, 0), ...nothingWished],
    ['not when the size drains the backlog in time', lagging(39, 100_000), ...nothingWished],
    [
      'not when their age is unknown',
      { ...lagging(39, 480_000), load: { ...calm.load, age: undefined } },
      ...nothingWished,
    ],
    [
      'without a capacity goes up by half',
      lagging(16, 1, { ...calm, capacity: unknown }),
      'guess',
      12,
      'CapacityUnknown',
    ],
    [
      'not before records are a quarter of the objective old',
      lagging(15, 1, { ...calm, capacity: unknown }),
      ...nothingWished,
    ],
    [
      'not beyond maxReplicas',
      lagging(16, 1, { ...calm, capacity: unknown, bounds: { minReplicas: 1, maxReplicas: 8 } }),
      ...nothingWished,
    ],
    [
      'without any capacity does not go down',
      arriving(10, { capacity: unknown }),
      ...nothingWished,
    ],
    [
      'goes down by what one replica did at least',
      arriving(2000, atLeast900),
      'down',
      3,
      'LoadBelowCapacity',
    ],
    [
      'tries one less when even that says nothing',
      arriving(7000, atLeast900),
      'canary',
      7,
      'CapacityUnknown',
    ],
    [
      'not so soon after a try that failed',
      arriving(7000, {
        ...atLeast900,
        ...state({ canary: { nextAt: calm.now + 1, triedAt: undefined } }),
      }),
      ...nothingWished,
    ],
    [
      'not when tries are switched off',
      arriving(7000, {
        ...atLeast900,
        objective: { ...objective, tuning: { ...defaultTuning, canary: false } },
      }),
      ...nothingWished,
    ],
    [
      'not below minReplicas',
      arriving(7000, { ...atLeast900, bounds: { minReplicas: 8, maxReplicas: 9 } }),
      ...nothingWished,
    ],
    [
      'takes a scale-up back that did not help',
      { ...calm, ...frozen(4) },
      'revert',
      4,
      'IneffectiveScaleUp',
    ],
    ['only once', { ...calm, ...frozen(8) }, ...nothingWished],
    [
      'follows the busiest consumer when it is known',
      lagging(39, 0, arriving(6000, { busiestConsumer: 1001 })),
      'up',
      12,
      'LoadAboveCapacity',
    ],
    [
      'but not while that may be the one from before',
      lagging(39, 0, arriving(6000, { busiestConsumer: 1001, unsettled: 'a rebalance' })),
      ...nothingWished,
    ],
    [
      'has room for the hottest partition on one consumer',
      lagging(39, 1, arriving(6000, { load: { ...arriving(6000).load, busiestRate: 510 } })),
      'up',
      12,
      'TimeLagAboveTarget',
    ],
  ] as const)('%s', ([, s, move, to, reason]) => {
    const { step, move: wished } = wishFor(s);
    expect([wished, step.to, step.reason]).toEqual([move, to, reason]);
  });

  test.for([
    [
      'maxReplicas',
      lagging(39, 0, arriving(9000, { bounds: { minReplicas: 1, maxReplicas: 9 } })),
      8,
      'TooManyReplicas',
    ],
    ['the partitions', lagging(39, 0, arriving(99_000)), 24, 'PartitionLimited'],
    [
      'maxReplicas, of a size as fast as fewer, which stays',
      lagging(
        39,
        0,
        arriving(12_000, { current: 11, bounds: { minReplicas: 1, maxReplicas: 11 } }),
      ),
      11,
      'TooManyReplicas',
    ],
  ] as const)('says that it is cut by %s', ([, s, to, reason]) => {
    const { step, limit } = wishFor(s);
    expect([step.to, limit?.reason]).toEqual([to, reason]);
  });
});

describe('what a change has to wait for', () => {
  const up = lagging(39, 0, arriving(6100, { current: 6 }));
  const far = lagging(39, 0, arriving(99_000));
  const down = arriving(4000);
  const byHalf = {
    objective: { ...objective, tuning: { ...defaultTuning, maxDownFraction: 0.5 } },
  };
  const guess = lagging(16, 1, { ...calm, capacity: unknown });
  const seen = (ageSeconds: number, replicas: number) => [
    { at: calm.now - ageSeconds * 1000, replicas },
  ];

  test.for([
    ['nothing: up', up, [], 8, 'LoadAboveCapacity'],
    ['up, until the group is settled', { ...up, unsettled: 'a rebalance' }, [], 6, 'Unsettled'],
    ['up, for 10 s since any change', { ...up, sinceChange: 9 }, [], 6, 'Unsettled'],
    ['up, while nobody reads', { ...up, stopped: 'no member' }, [], 6, 'GroupStopped'],
    ['up, while it does not help', { ...up, ...frozen(undefined) }, [], 6, 'Frozen'],
    [
      'far up does not wait for the group',
      { ...far, unsettled: 'a rebalance', sinceChange: 5 },
      [],
      24,
      'PartitionLimited',
    ],
    [
      'but 10 s for the last scale-up',
      { ...far, unsettled: 'a rebalance', sinceUp: 9 },
      [],
      8,
      'Unsettled',
    ],
    [
      'up, but not for ever for pods that do not get ready, when records are too old',
      { ...lagging(61, 0, up), unsettled: '5 of 6 pods are ready', allPodsReady: false },
      [],
      8,
      'LoadAboveCapacity',
    ],
    [
      'up, for pods that have just been asked for, whatever the age',
      { ...lagging(61, 0, up), unsettled: 'starting', allPodsReady: false, sinceUp: 59 },
      [],
      6,
      'Unsettled',
    ],
    [
      'nothing: a guess by what one replica once did, when that asks for more',
      { ...lagging(16, 1, arriving(10_000)), capacity: { ...unknown, lowerBound: 900 } },
      [],
      12,
      'CapacityUnknown',
    ],
    [
      'nothing: a guess by half as many more, when it does not',
      { ...guess, capacity: { ...unknown, lowerBound: 5000 } },
      [],
      12,
      'CapacityUnknown',
    ],
    ['a guess, until all pods are ready', { ...guess, allPodsReady: false }, [], 8, 'Unsettled'],
    [
      'a guess, for a minute after the last scale-up',
      { ...guess, sinceUp: 59 },
      [],
      8,
      'Unsettled',
    ],
    [
      'a guess does not wait for the group',
      { ...guess, unsettled: 'a rebalance' },
      [],
      12,
      'CapacityUnknown',
    ],
    ['nothing: down', down, [], 5, 'LoadBelowCapacity'],
    ['down, until the group is settled', { ...down, unsettled: 'a rebalance' }, [], 8, 'Unsettled'],
    [
      'down, though pods do not get ready that are not needed',
      { ...down, unsettled: '6 of 8 pods are ready', ...notReady(6, 61) },
      [],
      5,
      'LoadBelowCapacity',
    ],
    [
      'down, for pods that may still get ready',
      { ...down, unsettled: '6 of 8 pods are ready', ...notReady(6, 60) },
      [],
      8,
      'Unsettled',
    ],
    [
      'down, for pods that are needed',
      { ...down, unsettled: '4 of 8 pods are ready', ...notReady(4, 3600) },
      [],
      8,
      'Unsettled',
    ],
    ['down, while a scale-up does not help', { ...down, ...frozen(undefined) }, [], 8, 'Frozen'],
    [
      'down, until the last scale-up is judged',
      { ...down, ...state({ effect }) },
      [],
      8,
      'Unsettled',
    ],
    [
      'down, for 300 s since any change',
      { ...down, sinceChange: 299 },
      [],
      8,
      'ScaleDownStabilized',
    ],
    ['down, as far as the window allows', arriving(1000), seen(299, 6), 6, 'ScaleDownStabilized'],
    [
      'down, longer when one was undone before',
      arriving(1000, state({ regret: { ...noRegret, undone: 1 } })),
      seen(599, 6),
      6,
      'ScaleDownStabilized',
    ],
    [
      'down, no longer for what has left the window',
      arriving(3000),
      seen(300, 8),
      4,
      'LoadBelowCapacity',
    ],
    ['down, never above the current size', down, seen(5, 12), 8, 'ScaleDownStabilized'],
    [
      'down, while a partition may be stuck',
      { ...down, stalls: { stalled: new Map(), suspected: new Set(['t/1']) } },
      [],
      8,
      'PartitionSuspected',
    ],
    [
      'down, while records are a third of the objective old',
      lagging(21, 0, down),
      [],
      8,
      'ObjectiveAtRisk',
    ],
    [
      'down, while a rebalance would make them too old',
      lagging(17, 0, { ...down, rebalanceSeconds: 44 }),
      [],
      8,
      'ObjectiveAtRisk',
    ],
    [
      'down, but not for ever where every rebalance does',
      lagging(17, 0, { ...down, rebalanceSeconds: 46 }),
      [],
      5,
      'LoadBelowCapacity',
    ],
    [
      'down, though records wait for a commit that comes once a minute',
      lagging(55, 0, { ...down, ...state({ commits: { seconds: 60, at: 0 } }) }),
      [],
      5,
      'LoadBelowCapacity',
    ],
    [
      'down, while their age is unknown',
      { ...down, load: { ...down.load, age: undefined } },
      [],
      8,
      'ObjectiveAtRisk',
    ],
    ['down by half at most, if tuned so', arriving(10, byHalf), [], 4, 'ScaleDownLimit'],
    [
      'down by half at most, to a size that is of use',
      arriving(10, { ...byHalf, current: 13 }),
      [],
      8,
      'ScaleDownLimit',
    ],
    [
      'a try is a scale-down',
      arriving(7000, { ...atLeast900, unsettled: 'a rebalance' }),
      [],
      8,
      'Unsettled',
    ],
    [
      'what does harm is not waited for',
      { ...calm, ...frozen(4), unsettled: 'a rebalance' },
      [],
      4,
      'IneffectiveScaleUp',
    ],
    ['everything, while there are no rates', { ...far, watchedSeconds: 29 }, [], 8, 'WarmingUp'],
    [
      'everything, while arrivals are unknown',
      { ...far, load: { ...far.load, arrivalRate: undefined } },
      [],
      8,
      'WarmingUp',
    ],
  ] as const)('%s', ([, s, recommendations, to, reason]) => {
    const last = sizeByTime(s, recommendations).at(-1);
    expect([last?.to, last?.reason]).toEqual([to, reason]);
  });

  test('the steps lead from the current size to the last one', () => {
    const steps = sizeByTime(arriving(10, byHalf), seen(5, 3));
    expect(steps.map(({ step, from, to }) => [step, from, to])).toEqual([
      ['Recommend', 8, 1],
      ['Stabilize', 1, 3],
      ['LimitStep', 3, 4],
    ]);
  });
});

describe('waking up', () => {
  const asleep = (change: Partial<Situation>) =>
    sizeByTime({ ...calm, current: 0, ...change }, []).map(({ to, reason }) => [to, reason]);
  const waiting = {
    ...calm.load,
    lag: 120_000,
    arrivalRate: 1000,
    busiestRate: 42,
    averageRate: 42,
  };

  test('is one jump to the size that reads and drains, the start of the pods included', () => {
    // 1000 + (120 000 + 1000 × 34) / 120 = 2283/s
    expect(asleep({ load: waiting })).toEqual([[3, 'LoadAboveCapacity']]);
  });

  test.for([
    ['without a capacity it is the size from before', { ...state({ lastSize: 5 }) }, 5],
    ['or one', {}, 1],
    [
      'but not more than maxReplicas',
      { ...state({ lastSize: 5 }), bounds: { minReplicas: 0, maxReplicas: 3 } },
      3,
    ],
  ] as const)('%s', ([, change, to]) => {
    expect(asleep({ load: waiting, capacity: unknown, ...change })).toEqual([
      [to, 'CapacityUnknown'],
    ]);
  });

  test('needs no history: arrivals may be unknown', () => {
    const load = { ...waiting, arrivalRate: undefined, busiestRate: 0, averageRate: 0 };
    expect(asleep({ load, watchedSeconds: 0 })).toEqual([[1, 'LoadAboveCapacity']]);
  });
});

test('the utilization is that of the busiest consumer', () => {
  expect(utilizationOf(arriving(6000))).toBeCloseTo(0.75);
  expect(utilizationOf(arriving(6000, { busiestConsumer: 900 }))).toBe(0.9);
  expect(utilizationOf({ ...calm, capacity: unknown })).toBeUndefined();
});

test('a limit of the group rate holds for hot partitions, too', () => {
  const load = { ...calm.load, arrivalRate: 20_000, busiestRate: 840, averageRate: 833 };
  const limited = { ...calm, load, objective: { ...objective, maxGroupRate: 6000 } };
  const sizing = { utilization: 0.85, perReplica: 1000 };
  expect(sizeFor(limited, sizing).replicas).toBe(8);
  expect(sizeFor({ ...limited, objective }, sizing).replicas).toBe(24);
});

const situations = fc
  .record({
    arrivalRate: fc.nat(30_000),
    age: fc.option(fc.nat(200), { nil: undefined }),
    current: fc.integer({ min: 0, max: 40 }),
    partitions: fc.integer({ min: 1, max: 60 }),
    capacity: fc.constantFrom(calm.capacity, unknown, atLeast900.capacity),
    unsettled: fc.constantFrom(undefined, 'a rebalance'),
    since: fc.nat(900),
  })
  .map(({ arrivalRate, age, partitions, since, ...change }) => {
    const s = arriving(arrivalRate, change);
    const layout = { ...layout24, partitionsPerTopic: [partitions] };
    return { ...s, layout, load: { ...s.load, age }, sinceChange: since, sinceUp: since };
  });

test('more lag never means fewer replicas at equal state', () =>
  fc.assert(
    fc.property(situations, fc.nat(500_000), fc.nat(500_000), fc.nat(60), (s, lag, more, older) => {
      const size = (excessLag: number, age: number | undefined) => {
        const load = { ...s.load, age, lag: excessLag };
        return sizeByTime({ ...s, excessLag, load }, []).at(-1)?.to ?? 0;
      };
      const { age } = s.load;
      const later = age === undefined ? undefined : age + older;
      expect(size(lag + more, later)).toBeGreaterThanOrEqual(size(lag, age));
    }),
    { numRuns: 1000 },
  ));
