import { describe, expect, test } from 'vitest';
import {
  expectedGain,
  freezeAfter,
  freezeSeconds,
  isFrozen,
  judgeEffect,
  thawed,
} from './effect.ts';
import { noRamps, type Ramps, rampsAfter, worstAgeOfRamp } from './ramp.ts';
import { type PartitionCommits, stallsOf } from './stalls.ts';
import { defaultTuning as tuning } from './tuning.ts';

describe('a scale-up from 4 to 8', () => {
  const effect = {
    capacityBefore: 4000,
    capacityAfter: 8000,
    demandBefore: 7000,
    consumptionBefore: 4000,
    consumptionNow: 4000,
    arrivalRate: 6000,
    excessLag: 90_000,
    drainSeconds: 120,
  };
  test.for([
    ['that brings nothing is ineffective', {}, 'ineffective'],
    ['that brings a tenth of what it should is not', { consumptionNow: 4300 }, 'effective'],
    ['that brings less is', { consumptionNow: 4299 }, 'ineffective'],
    ['without backlog there is nothing to judge', { excessLag: 0 }, 'nothingToJudge'],
    ['when it keeps up and drains', { consumptionNow: 5895 }, 'nothingToJudge'],
    ['when nothing was to be gained', { demandBefore: 4000 }, 'nothingToJudge'],
    [
      'by demand alone while the capacity is unknown',
      { capacityBefore: undefined, consumptionNow: 4299 },
      'ineffective',
    ],
  ] as const)('%s', ([, change, verdict]) => {
    expect(judgeEffect({ ...effect, ...change }, tuning)).toBe(verdict);
  });

  test('was to bring what was missing, or what the replicas can do', () => {
    expect(expectedGain(effect)).toBe(3000);
    expect(expectedGain({ ...effect, demandBefore: 99_000 })).toBe(4000);
  });
});

test('a freeze doubles with each repetition, up to eight times', () => {
  expect([0, 1, 2, 3, 4].map((step) => freezeSeconds(step, tuning))).toEqual([
    600, 1200, 2400, 4800, 4800,
  ]);
  const failed = { from: 4, consumption: 1000 };
  const first = freezeAfter(undefined, failed, 0, tuning);
  expect(first).toEqual({ until: 600_000, step: 0, revertTo: 4, consumption: 1000 });
  expect(freezeAfter(first, { ...failed, from: 5 }, 900_000, tuning)).toEqual({
    until: 2_100_000,
    step: 1,
    revertTo: 5,
    consumption: 1000,
  });
  expect([isFrozen(first, 599_999), isFrozen(first, 600_000)]).toEqual([true, false]);
});

test.for([
  ['ends when clearly more is read of the backlog', { consumption: 1201, excessLag: 1 }, 5000],
  ['not for a little more', { consumption: 1200, excessLag: 1 }, 600_000],
  ['not when arrivals are all that is read', { consumption: 9000, excessLag: 0 }, 600_000],
] as const)('a freeze %s', ([, seen, until]) => {
  const freeze = freezeAfter(undefined, { from: 4, consumption: 1000 }, 0, tuning);
  expect(thawed(freeze, seen, 5000, tuning)).toEqual({ ...freeze, until });
});

test('what is not known of a freeze, or is over, does not thaw', () => {
  const freeze = { until: 600_000, step: 0, revertTo: undefined, consumption: undefined };
  expect(thawed(freeze, { consumption: 9000, excessLag: 1 }, 5000, tuning)).toBe(freeze);
  expect(thawed(undefined, { consumption: 9000, excessLag: 1 }, 5000, tuning)).toBeUndefined();
});

describe('a ramp', () => {
  const reaction = { reactionSeconds: 75, rebalanceSeconds: 5, objectiveSeconds: 60 };

  test('five-fold over one reaction makes records 61 s old', () => {
    expect(worstAgeOfRamp(1250, 5000, reaction)).toBeCloseTo(61.25);
    expect(worstAgeOfRamp(5000, 5000, reaction)).toBe(0);
  });

  function story(
    points: readonly (readonly [at: number, arrivalRate: number, capacity: number])[],
  ) {
    let ramps: Ramps = noRamps;
    for (const [at, arrivalRate, capacity] of points)
      ramps = rampsAfter(ramps, { at: at * 1000, arrivalRate, capacity }, reaction, tuning);
    return ramps.steep;
  }

  test('is too steep when the capacity from before cannot bear it', () => {
    const steep = story([
      [0, 1000, 1250],
      [60, 5000, 1250],
    ]);
    expect(steep).toEqual({ at: 60_000, from: 1000, to: 5000, worstAge: 61.25 });
  });

  test.for([
    [
      'a slow rise',
      [
        [0, 1000, 1250],
        [300, 5000, 1250],
      ],
    ],
    [
      'a rise that minReplicas already bear',
      [
        [0, 1000, 6000],
        [60, 5000, 6000],
      ],
    ],
    [
      'a clock that was set back',
      [
        [60, 1000, 1250],
        [0, 5000, 1250],
      ],
    ],
  ] as const)('%s is not', ([, points]) => expect(story(points)).toBeUndefined());

  test('is told by its steepest moment, for a day after the last', () => {
    const rise = [
      [0, 1000, 1000],
      [60, 9000, 1000],
      [70, 5000, 1000],
    ] as const;
    expect(story(rise)).toMatchObject({ at: 70_000, to: 9000 });
    expect(story([...rise, [86_469, 10, 1000]])).toMatchObject({ to: 9000 });
    expect(story([...rise, [86_470, 10, 1000]])).toBeUndefined();
  });
});

describe('stalled and suspected partitions', () => {
  const p = (key: string, stillFor: number, change: Partial<PartitionCommits> = {}) => ({
    key,
    lag: 100n,
    committed: 500n,
    stillSince: 1_000_000 - stillFor * 1000,
    stalled: false,
    ...change,
  });
  /** Fast enough that everything has its turn within the 30 s. */
  const fast = 1000;
  const see = (
    partitions: readonly PartitionCommits[],
    latched: [string, bigint][] = [],
    consumptionRate = fast,
  ) => {
    const moment = { now: 1_000_000, consumptionRate };
    const { stalled, suspected } = stallsOf(partitions, new Map(latched), moment, tuning);
    return [[...stalled.keys()], [...suspected]];
  };
  const others = [p('t/1', 0), p('t/2', 0)];

  test.for([
    ['one that stands still is suspected after 30 s', [p('t/0', 30), ...others], [], [[], ['t/0']]],
    ['not before', [p('t/0', 29), ...others], [], [[], []]],
    ['not without lag', [p('t/0', 99, { lag: 0n }), ...others], [], [[], []]],
    ['not with unknown lag', [p('t/0', 99, { lag: undefined }), ...others], [], [[], []]],
    [
      'not while most of the others stand still, too',
      [p('t/0', 60), p('t/1', 60), p('t/2', 60), p('t/3', 0)],
      [],
      [[], []],
    ],
    ['not when it is the only one', [p('t/0', 99)], [], [[], []]],
    [
      'one that the history calls stalled is latched',
      [p('t/0', 75, { stalled: true }), ...others],
      [],
      [['t/0'], []],
    ],
    [
      'and stays so while the others pause',
      [p('t/0', 99), p('t/1', 99), p('t/2', 99)],
      [['t/0', 500n]],
      [['t/0'], []],
    ],
    [
      'also while its commit is unknown',
      [p('t/0', 99, { committed: undefined, lag: undefined })],
      [['t/0', 500n]],
      [['t/0'], []],
    ],
    [
      'until its commit moves on',
      [p('t/0', 0, { committed: 501n }), ...others],
      [['t/0', 500n]],
      [[], []],
    ],
    ['or back', [p('t/0', 0, { committed: 400n }), ...others], [['t/0', 500n]], [[], []]],
    [
      'or nothing is left to read',
      [p('t/0', 99, { lag: 0n }), ...others],
      [['t/0', 500n]],
      [[], []],
    ],
    [
      'a stalled one is none of the others',
      [p('t/0', 40), p('t/1', 99), p('t/2', 0)],
      [['t/1', 500n]],
      [['t/1'], ['t/0']],
    ],
  ] as const)('%s', ([, partitions, latched, expected]) => {
    expect(
      see(
        partitions,
        latched.map(([key, offset]) => [key, offset]),
      ),
    ).toEqual(expected);
  });

  test('one that waits for its turn is not, until the group could have read the others twice', () => {
    // 200 records wait in the others: at 5/s that takes 40 s, twice.
    expect(see([p('t/0', 79), ...others], [], 5)).toEqual([[], []]);
    expect(see([p('t/0', 80), ...others], [], 5)).toEqual([[], ['t/0']]);
  });

  test('what a latched one holds up is for nobody to wait for', () => {
    const held = p('t/3', 99, { lag: 1_000_000n });
    expect(see([p('t/0', 80), held, ...others], [['t/3', 500n]], 5)).toEqual([['t/3'], ['t/0']]);
  });
});
