import { expect, test } from 'vitest';
import { committedBy, distinctPartitions, placed, range, recordsIn, subjectsOf } from './layout.ts';

test.for([
  ['shared', 100, 1000],
  ['shared', 10_000, 10_000],
  ['own', 10_000, 100_000],
] as const)('%s, %d groups: %d different partitions', ([layout, groups, partitions]) => {
  const topics = new Set(subjectsOf(layout, groups).map(({ topic }) => topic));
  expect(topics.size * 10).toBe(partitions);
  expect(distinctPartitions(layout, groups)).toBe(partitions);
});

test('neighbouring partitions and topics differ, so that a mix-up shows', () => {
  for (const topic of range(0, 50))
    for (const partition of range(0, 9)) {
      const here = recordsIn(topic, partition);
      expect(here).toBeGreaterThan(0);
      expect(recordsIn(topic, partition + 1)).not.toBe(here);
      expect(recordsIn(topic + 1, partition)).not.toBe(here);
    }
});

test('a commit is never beyond the end; some groups have read nothing and some everything', () => {
  const shares = range(0, 100).flatMap((group) =>
    range(0, 10).map((p) => committedBy(group, group, p) / recordsIn(group, p)),
  );
  expect(Math.min(...shares)).toBe(0);
  expect(Math.max(...shares)).toBe(1);
});

test('partitions go where the fewest are, until all brokers have as many', () => {
  const loads = new Map([
    [1, 4],
    [2, 0],
    [3, 2],
  ]);
  expect(placed(6, loads)).toHaveLength(6);
  expect([...loads.values()]).toEqual([4, 4, 4]);
});
