import { describe, expect, test } from 'vitest';
import {
  capacityPerReplica,
  capacityThisTick,
  doubt,
  isSaturated,
  learn,
  lowerBoundOf,
  median,
  nothingLearned,
  sampleOf,
} from './capacity.ts';
import { commitIntervalAfter, excessLag, lagFloor } from './excess-lag.ts';
import { begin, end, longest, noPause } from './pauses.ts';
import { defaultTuning as tuning } from './tuning.ts';

const consumer = (consumptionRate: number, minLag: number, grew = 0, lagNow = minLag) => ({
  seconds: 45,
  consumptionRate,
  minLag,
  lagStart: lagNow - grew,
  lagNow,
});

describe('a consumer is saturated', () => {
  test.for([
    ['with more than 10 s of work all the time', consumer(100, 1001), true],
    ['not with exactly 10 s', consumer(100, 1000), false],
    ['when lag grew by more than a fifth of what it read', consumer(100, 0, 901, 901), true],
    ['not when it grew by just a fifth', consumer(100, 0, 900, 900), false],
    ['not while it has less than 6 s of work', consumer(100, 0, 599, 599), false],
    ['not when lag falls', consumer(100, 0, -5000, 800), false],
  ] as const)('%s', ([, c, expected]) => expect(isSaturated(c, tuning)).toBe(expected));
});

describe('capacity', () => {
  test('is what the middle one of the saturated consumers does', () => {
    const idle = consumer(5, 0);
    const busy = [90, 110, 130].map((rate) => consumer(rate, 99_999));
    expect(sampleOf([idle, ...busy], tuning)).toBe(110);
    expect(sampleOf([idle], tuning)).toBeUndefined();
  });

  test('is not learned from one that does less than another at ease: it is held up', () => {
    const atEase = consumer(100, 0);
    expect(sampleOf([atEase, consumer(75, 99_999)], tuning)).toBeUndefined();
    expect(sampleOf([atEase, consumer(97, 99_999)], tuning)).toBe(97);
  });

  test('is not learned from one whose lag has only begun to grow, and that did more before', () => {
    const paused = consumer(75, 0, 5000, 5000); // a rebalance that is not seen yet looks like this
    expect(sampleOf([paused], tuning, 100)).toBeUndefined();
    expect(sampleOf([paused], tuning, 77)).toBe(75);
    expect(sampleOf([consumer(75, 99_999)], tuning, 100)).toBe(75); // busy all the time: it has got slower
  });

  test('is never learned from a consumer that reads nothing', () => {
    expect(sampleOf([consumer(0, 5000)], tuning)).toBeUndefined();
    expect(lowerBoundOf([consumer(0, 5000)])).toBeUndefined();
  });

  test('of an even count is the upper of the two in the middle', () => {
    expect(median([1, 2, 3, 4])).toBe(3);
    expect(median([])).toBeUndefined();
  });

  test('a hint counts as six samples', () => {
    expect(capacityPerReplica([], 500, tuning)).toBe(500);
    expect(capacityPerReplica(Array(5).fill(100), 500, tuning)).toBe(500);
    expect(capacityPerReplica(Array(7).fill(100), 500, tuning)).toBe(100);
    expect(capacityPerReplica([], undefined, tuning)).toBeUndefined();
  });

  test('a slow moment counts for its tick, down to half', () => {
    expect(capacityThisTick(1000, 700, tuning)).toBe(700);
    expect(capacityThisTick(1000, 100, tuning)).toBe(500);
    expect(capacityThisTick(1000, 1500, tuning)).toBe(1000);
    expect(capacityThisTick(1000, undefined, tuning)).toBe(1000);
    expect(capacityThisTick(undefined, 100, tuning)).toBeUndefined();
  });
});

describe('learning', () => {
  const seen = (sample: number | undefined, lowerBound?: number) => ({ sample, lowerBound });

  test('keeps the last 24 samples, two minutes apart', () => {
    let learned = nothingLearned;
    for (let t = 0; t <= 3600; t += 5) learned = learn(learned, seen(t), t * 1000, tuning);
    expect(learned.samples).toEqual(Array.from({ length: 24 }, (_, i) => 840 + i * 120));
  });

  test('goes on when the clock was set back', () => {
    const before = learn(nothingLearned, seen(100), 1_000_000, tuning);
    expect(learn(before, seen(90), 5000, tuning).samples).toEqual([100, 90]);
  });

  test('the lower bound only rises', () => {
    const before = learn(nothingLearned, seen(undefined, 80), 0, tuning);
    expect(learn(before, seen(undefined, 60), 1, tuning).lowerBound).toBe(80);
    expect(learn(before, seen(undefined, 90), 1, tuning).lowerBound).toBe(90);
  });

  test('of new pods what was learned counts as one sample', () => {
    const before = { samples: [100, 300, 200], sampledAt: 5, lowerBound: 400 };
    expect(doubt(before)).toEqual({ samples: [200], sampledAt: 5, lowerBound: undefined });
    expect(doubt(nothingLearned)).toEqual(nothingLearned);
  });
});

describe('lag that is only not committed yet', () => {
  test.for([
    ['what arrives in the time of the floor is no backlog', 15_000, 1000, 15, 0],
    ['what is beyond is', 15_001, 1000, 15, 1],
    ['all of it, when nothing arrives', 500, 0, 15, 500],
  ] as const)('%s', ([, lag, rate, floor, expected]) => {
    expect(excessLag(lag, rate, floor)).toBe(expected);
  });

  test.for([
    ['is 15 s where the objective leaves no time beside a rebalance', 5, -10, 15],
    ['is two commit intervals, when that is longer', 60, 0, 120],
    ['is half of what the objective leaves, when that is longer', 5, 56, 28],
  ] as const)('the floor %s', ([, commitSeconds, spareSeconds, expected]) => {
    expect(lagFloor(commitSeconds, spareSeconds, tuning)).toBe(expected);
  });

  test('the commit interval is the pause of the partition in the middle', () => {
    expect(commitIntervalAfter(undefined, [0, 60, 900], 0)).toEqual({ seconds: 60, at: 0 });
    expect(commitIntervalAfter(undefined, [], 0)).toBeUndefined();
  });

  test('a long pause is remembered, and forgotten in the course of minutes', () => {
    const before = { seconds: 60, at: 0 };
    expect(commitIntervalAfter(before, [0], 5000)?.seconds).toBeCloseTo(59.3, 1);
    expect(commitIntervalAfter(before, [0], 300_000)?.seconds).toBeCloseTo(30);
    expect(commitIntervalAfter(before, [90], 5000)?.seconds).toBe(90);
  });
});

describe('a pause', () => {
  test('is guessed until one was measured', () => {
    expect(longest(noPause, 10)).toBe(10);
    expect(longest(end(begin(noPause, 1000), 5000, tuning), 10)).toBe(4);
  });

  test('the longest of the last five counts', () => {
    let pause = noPause;
    for (const seconds of [60, 5, 4, 3, 2, 1]) pause = end(begin(pause, 0), seconds * 1000, tuning);
    expect(longest(pause, 10)).toBe(5);
  });

  test.for([
    ['that began after now is none', 9000, 5000],
    ['of more than 300 s is a fault', 0, 301_000],
  ] as const)('%s', ([, from, to]) => {
    expect(end(begin(noPause, from), to, tuning)).toEqual(noPause);
  });

  test('that never began does not end', () => {
    expect(end(noPause, 5000, tuning)).toBe(noPause);
  });
});
