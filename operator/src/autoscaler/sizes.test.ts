import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  capacityOf,
  type Layout,
  maxLoad,
  memberLoads,
  usefulSizeFor,
  usefulSizes,
} from './sizes.ts';

const layouts: fc.Arbitrary<Layout> = fc.record({
  partitionsPerTopic: fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 4 }),
  assignor: fc.constantFrom('range', 'cooperative-sticky', undefined),
  threadsPerReplica: fc.integer({ min: 1, max: 4 }),
});
const replicaCounts = fc.integer({ min: 1, max: 300 });

test('every partition is dealt out, and the most loaded member is the one that decides', () => {
  fc.assert(
    fc.property(layouts, replicaCounts, (layout, replicas) => {
      const loads = memberLoads(layout, replicas);
      const total = layout.partitionsPerTopic.reduce((sum, count) => sum + count, 0);
      expect(loads.reduce((sum, load) => sum + load, 0)).toBe(total);
      expect(Math.max(...loads)).toBe(maxLoad(layout, replicas));
    }),
  );
});

test('a size between two useful ones is as slow as the smaller one, and no useful one is', () => {
  fc.assert(
    fc.property(layouts, replicaCounts, (layout, replicas) => {
      const below = usefulSizes(layout).findLast((size) => size.replicas <= replicas);
      expect(below?.maxLoad).toBe(maxLoad(layout, replicas));
      if (replicas > 1 && below?.replicas === replicas)
        expect(capacityOf(layout, replicas, 1000)).toBeGreaterThan(
          capacityOf(layout, replicas - 1, 1000),
        );
    }),
  );
});

test('minReplicas wins over the useful sizes and over maxReplicas of the partitions', () => {
  const layout: Layout = { partitionsPerTopic: [4], assignor: 'range', threadsPerReplica: 1 };
  expect(usefulSizeFor(2, layout, { minReplicas: 9, maxReplicas: 20 })).toBe(9);
});

test('without replicas nothing is consumed', () => {
  expect(
    capacityOf({ partitionsPerTopic: [4], assignor: 'range', threadsPerReplica: 1 }, 0, 5),
  ).toBe(0);
});
