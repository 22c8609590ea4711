import fc from 'fast-check';
import { expect, test } from 'vitest';
import { capacityOf, demandOf, fits, smallestSize } from './demand.ts';
import type { Layout } from './layout.ts';

const layout: Layout = { partitionsPerTopic: [24], assignor: undefined, threadsPerReplica: 1 };
const rules = {
  utilization: 0.85,
  drainSeconds: 120,
  rebalanceSeconds: 10,
  maxGroupRate: undefined,
};
const anyone = { minReplicas: 1, maxReplicas: 100 };

test.for([
  ['headroom alone', { arrivalRate: 850, excessLag: 0 }, rules, 1000],
  ['a backlog that headroom drains anyway', { arrivalRate: 850, excessLag: 1200 }, rules, 1000],
  ['a backlog that needs more', { arrivalRate: 850, excessLag: 24_000 }, rules, 1120.83],
  ['a backlog alone', { arrivalRate: 0, excessLag: 1200 }, rules, 10],
  [
    'no more than what is behind the consumers bears',
    { arrivalRate: 850, excessLag: 99_999 },
    { ...rules, maxGroupRate: 900 },
    900,
  ],
] as const)('demand: %s', ([, work, given, expected]) => {
  expect(demandOf(work, given)).toBeCloseTo(expected, 2);
});

test('a capacity that misses by rounding is enough', () => {
  expect(fits(0.1 + 0.2, 0.3)).toBe(true);
  expect(fits(1001, 1000)).toBe(false);
});

test('threads share what one replica can do', () => {
  expect(capacityOf({ ...layout, threadsPerReplica: 2 }, 6, 1000)).toBe(6000);
});

test.for([
  ['the smallest that is enough', 5, anyone, 5, 'none'],
  ['the next that is of use', 7, anyone, 8, 'none'],
  ['not below minReplicas', 2, { minReplicas: 7, maxReplicas: 100 }, 7, 'none'],
  [
    'the largest of use below maxReplicas',
    9,
    { minReplicas: 1, maxReplicas: 11 },
    8,
    'maxReplicas',
  ],
  ['the partitions are the end', 25, anyone, 24, 'partitions'],
  ['minReplicas beyond the partitions', 25, { minReplicas: 30, maxReplicas: 40 }, 30, 'partitions'],
] as const)('size: %s', ([, wanted, bounds, replicas, limit]) => {
  const needed = smallestSize(layout, bounds, (size) => size.replicas >= wanted);
  expect(needed).toEqual({ replicas, limit });
});

test('more to do never needs fewer replicas', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.nat(100_000),
      fc.nat(1_000_000),
      fc.nat(1_000_000),
      (partitions, arrivalRate, lag, more) => {
        const l = { ...layout, partitionsPerTopic: [partitions] };
        const size = (excessLag: number) => {
          const demand = demandOf({ arrivalRate, excessLag }, rules);
          return smallestSize(l, anyone, (s) => fits(demand, capacityOf(l, s.replicas, 1000)));
        };
        expect(size(lag + more).replicas).toBeGreaterThanOrEqual(size(lag).replicas);
      },
    ),
  ));
