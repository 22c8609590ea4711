import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Learned } from '../../api/types.gen.ts';
import { initialMemory } from '../memory.ts';
import type { Memory } from '../types.ts';
import { learnedOf, type Times } from './learned.ts';
import { learnedFrom } from './pick-up.ts';
import { initialState, type SizingState } from './state.ts';

const times: Times = {
  parseTime: Date.parse,
  formatTime: (ms) => new Date(ms).toISOString(),
};
const now = Date.parse('2026-06-10T12:00:30.000Z');
const seconds = (n: number) => now + n * 1000;

const rich: SizingState = {
  ...initialState,
  capacity: { samples: [990, 1012.345, 1040], sampledAt: seconds(-40), lowerBound: 0.123456 },
  rebalance: { observed: [4, 12.34], since: undefined },
  start: { observed: [31], since: undefined },
  commits: { seconds: 4.9, at: now },
  lastSize: 6,
  freeze: { until: seconds(300), step: 2, revertTo: 4, consumption: 900 },
  canary: { nextAt: seconds(600), triedAt: undefined },
};
const latched = new Map([['orders/3', 9_007_199_254_740_993n]]);
const memoryWith = (sizing: SizingState, change: Partial<Memory> = {}): Memory => ({
  ...initialMemory({ now, replicas: 6 }),
  sizing,
  ...change,
});

test('what was learned is small, and rounded so that it rarely changes', () => {
  expect(learnedOf(memoryWith(rich, { latched }), times)).toEqual({
    version: 1,
    capacityPerReplica: '1012',
    capacitySamples: 3,
    capacityTime: '2026-06-10T11:59:00.000Z',
    lowerBoundPerReplica: '0.123',
    rebalanceSeconds: '12.3',
    startSeconds: '31',
    commitSeconds: '5',
    lastSize: 6,
    freezeUntil: '2026-06-10T12:05:30.000Z',
    freezeStep: 2,
    canaryTime: '2026-06-10T12:10:30.000Z',
    stalledPartitions: [{ partition: 'orders/3', offset: '9007199254740993' }],
  });
});

test('nothing is written for another strategy, and little before anything is known', () => {
  expect(learnedOf(initialMemory({ now, replicas: 6 }), times)).toBeUndefined();
  expect(learnedOf(memoryWith(initialState), times)).toEqual({ version: 1 });
});

test('a restart picks up what was written', () => {
  const before = memoryWith(rich, { latched });
  const { sizing, ...other } = learnedFrom(learnedOf(before, times), now, times);
  expect(other).toEqual({ latched, recommendations: undefined });
  expect(sizing).toEqual({
    ...initialState,
    capacity: {
      samples: [1012, 1012, 1012],
      sampledAt: Date.parse('2026-06-10T11:59:00.000Z'),
      lowerBound: undefined, // seen again within a minute
    },
    rebalance: { observed: [12.3], since: undefined },
    start: { observed: [31], since: undefined },
    commits: { seconds: 5, at: now },
    lastSize: 6,
    freeze: { until: seconds(300), step: 2, revertTo: undefined, consumption: undefined },
    canary: { nextAt: seconds(600), triedAt: undefined },
  });
});

describe('the window of a scale-down', () => {
  const asked = (...entries: readonly (readonly [at: number, replicas: number])[]) => ({
    recommendations: entries.map(([at, replicas]) => ({ at: seconds(at), replicas })),
  });
  const restored = (change: Partial<Memory>, later = 0) =>
    learnedFrom(learnedOf(memoryWith(initialState, change), times), seconds(later), times)
      .recommendations;

  test('goes on with the largest of each minute', () => {
    const before = asked([-200, 6], [-100, 4], [-95, 5], [0, 3]);
    expect(restored(before)).toEqual([
      { at: Date.parse('2026-06-10T11:57:00.000Z'), replicas: 6 },
      { at: Date.parse('2026-06-10T11:58:00.000Z'), replicas: 5 },
      { at: Date.parse('2026-06-10T12:00:00.000Z'), replicas: 3 },
    ]);
  });

  test('is not written while nothing smaller was asked for', () => {
    expect(restored(asked([-300, 8], [0, 6]))).toBeUndefined();
  });

  test('starts anew after a gap', () => {
    expect(restored(asked([0, 3]), 90)).toBeDefined();
    expect(restored(asked([0, 3]), 91)).toBeUndefined();
  });

  test('is never longer than the schema allows', () => {
    const many = Array.from({ length: 60 }, (_, i) => [-60 * (59 - i), 60 - i] as const);
    const replicas = 100;
    const memory = memoryWith(initialState, { ...asked(...many), replicas });
    expect(learnedOf(memory, times)?.downWindow).toHaveLength(12);
  });
});

describe('what a person wrote into it', () => {
  const read = (change: Partial<Learned>) => learnedFrom({ version: 1, ...change }, now, times);

  const sizingOf = (change: Partial<Learned>) => read(change).sizing;
  const nothing = { sizing: initialState, latched: new Map(), recommendations: undefined };

  test.for<readonly [string, Partial<Learned>]>([
    ['another version', { version: 2, capacityPerReplica: '5' }],
    ['a capacity that is no number', { capacityPerReplica: 'fast' }],
    ['a capacity of zero', { capacityPerReplica: '0' }],
    ['a negative capacity', { capacityPerReplica: '-5', lowerBoundPerReplica: '-1' }],
    ['an exponent', { capacityPerReplica: '1e9' }],
    ['a freeze of years', { freezeUntil: '2036-01-01T00:00:00Z', freezeStep: 9 }],
    ['a time that is none', { freezeUntil: 'soon', canaryTime: 'never' }],
    ['a bound, which shows again soon', { lowerBoundPerReplica: '100000' }],
    ['pauses of a day', { rebalanceSeconds: '86400', startSeconds: '301', commitSeconds: '999' }],
    ['a broken size', { lastSize: -3 }],
    ['a partition without a number', { stalledPartitions: [{ partition: 'orders', offset: '1' }] }],
    ['an offset that is none', { stalledPartitions: [{ partition: 'orders/1', offset: '1.5' }] }],
  ])('%s is left out', ([, change]) => expect(read(change)).toEqual(nothing));

  test('a time in the future leaves the rest as it is', () => {
    const { capacity } = sizingOf({
      capacityPerReplica: '7',
      capacityTime: '2026-06-10T13:00:00Z',
    });
    expect(capacity).toEqual({ samples: [7], sampledAt: undefined, lowerBound: undefined });
  });

  test.for<readonly [string, Partial<Learned>, number]>([
    ['many samples of today', { capacityTime: '2026-06-10T11:00:00Z' }, 3],
    ['many samples of yesterday', { capacityTime: '2026-06-09T11:00:00Z' }, 1],
    ['many samples of an unknown time', {}, 1],
  ])('%s count as few', ([, change, count]) => {
    const many = { capacityPerReplica: '7', capacitySamples: 1e9, ...change };
    expect(sizingOf(many).capacity.samples).toEqual(Array.from({ length: count }, () => 7));
  });
});

test('whatever stands there is read without a fault, and written again within the schema', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('1', '0.5', '2026-06-10T12:00:00Z'));
  const anything = fc.record(
    {
      version: fc.constantFrom(1, 2),
      capacityPerReplica: text,
      capacitySamples: fc.integer(),
      capacityTime: text,
      lowerBoundPerReplica: text,
      rebalanceSeconds: text,
      startSeconds: text,
      commitSeconds: text,
      lastSize: fc.integer(),
      freezeUntil: text,
      freezeStep: fc.integer(),
      canaryTime: text,
      stalledPartitions: fc.array(fc.record({ partition: text, offset: text })),
      downWindow: fc.array(fc.record({ time: text, replicas: fc.integer() })),
    },
    { requiredKeys: ['version'] },
  );
  fc.assert(
    fc.property(anything, (learned) => {
      const { sizing, recommendations = [] } = learnedFrom(learned as Learned, now, times);
      const again = learnedOf(memoryWith(sizing, { recommendations }), times);
      expect(again?.stalledPartitions?.length ?? 0).toBeLessThanOrEqual(20);
      expect(learnedFrom(again, now, times).sizing.lastSize).toBe(sizing.lastSize);
    }),
  );
});
