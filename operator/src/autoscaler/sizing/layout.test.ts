import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fewestAsFastAs,
  type Layout,
  layoutOf,
  maxLoad,
  memberLoads,
  partitionsOf,
  usableReplicas,
  usefulSizeAtLeast,
  usefulSizes,
} from './layout.ts';

const layout: fc.Arbitrary<Layout> = fc.record({
  partitionsPerTopic: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 }),
  assignor: fc.constantFrom('range', 'cooperative-sticky', undefined),
  threadsPerReplica: fc.integer({ min: 1, max: 4 }),
});
const sizesOf = (l: Layout) => [...usefulSizes(l)].map((size) => size.replicas);
const plain = (partitions: number): Layout => ({
  partitionsPerTopic: [partitions],
  assignor: undefined,
  threadsPerReplica: 1,
});

describe('useful sizes', () => {
  test.for([
    [1, [1]],
    [17, [1, 2, 3, 4, 5, 6, 9, 17]],
    [24, [1, 2, 3, 4, 5, 6, 8, 12, 24]],
  ] as const)('of %i partitions', ([partitions, sizes]) => {
    expect(sizesOf(plain(partitions))).toEqual(sizes);
  });

  test('of two topics under range are those of the larger one', () => {
    const range = { partitionsPerTopic: [10, 10], assignor: 'range', threadsPerReplica: 1 };
    expect(sizesOf(range)).toEqual([1, 2, 3, 4, 5, 10]);
    expect(sizesOf({ ...range, assignor: 'sticky' })).toEqual([1, 2, 3, 4, 5, 7, 10, 20]);
  });

  test('are counted in replicas, however many threads they have', () => {
    expect(sizesOf({ ...plain(24), threadsPerReplica: 2 })).toEqual([1, 2, 3, 4, 6, 12]);
  });

  test('are exactly those that are faster than every smaller number', () =>
    fc.assert(
      fc.property(layout, (l) => {
        const all = Array.from({ length: usableReplicas(l) }, (_, i) => i + 1);
        const faster = all.filter((n) => n === 1 || maxLoad(l, n) < maxLoad(l, n - 1));
        expect(sizesOf(l)).toEqual(faster);
      }),
    ));

  test('the next one is the smallest that is not smaller', () =>
    fc.assert(
      fc.property(layout, fc.integer({ min: 0, max: 300 }), (l, replicas) => {
        const sizes = sizesOf(l);
        const next = sizes.find((size) => size >= replicas) ?? sizes.at(-1);
        expect(usefulSizeAtLeast(replicas, l)).toBe(next);
      }),
    ));

  test('the fewest that are as fast are one of them, and as fast', () =>
    fc.assert(
      fc.property(layout, fc.integer({ min: 1, max: 300 }), (l, replicas) => {
        const fewest = fewestAsFastAs(replicas, l);
        expect(maxLoad(l, fewest)).toBe(maxLoad(l, replicas));
        expect(sizesOf(l)).toContain(fewest);
      }),
    ));
});

test('the loads of the members add up to the partitions, and the first bears most', () =>
  fc.assert(
    fc.property(layout, fc.integer({ min: 1, max: 40 }), (l, replicas) => {
      const loads = memberLoads(l, replicas);
      expect(loads.reduce((sum, load) => sum + load, 0)).toBe(partitionsOf(l));
      expect(loads[0]).toBe(Math.max(...loads));
      expect(loads[0]).toBe(maxLoad(l, replicas));
      const busy = loads.filter((load) => load > 0).length;
      expect(Math.ceil(busy / l.threadsPerReplica)).toBe(Math.min(replicas, usableReplicas(l)));
    }),
  ));

test.for([
  ['range', [10, 10], 1, 10],
  ['range', [12, 4], 5, 3],
  ['cooperative-sticky', [10, 10], 1, 20],
  ['uniform', [10, 10], 3, 7],
  [undefined, [10, 10], 1, 20],
] as const)('%s over topics of %s with %s threads keeps %s replicas busy', (row) => {
  const [assignor, partitionsPerTopic, threadsPerReplica, replicas] = row;
  expect(usableReplicas({ assignor, partitionsPerTopic, threadsPerReplica })).toBe(replicas);
});

test('partitions are counted by topic', () => {
  const partitions = [{ topic: 'a' }, { topic: 'b' }, { topic: 'a' }];
  expect(layoutOf(partitions, 'range', 2)).toEqual({
    partitionsPerTopic: [2, 1],
    assignor: 'range',
    threadsPerReplica: 2,
  });
});
