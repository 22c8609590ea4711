import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign } from './assignor.ts';

const loadsOf = (owners: Int32Array, members: readonly number[]) =>
  members.map((member) => owners.filter((owner) => owner === member).length);

test('the first members share the partitions in turn', () => {
  const owners = new Int32Array(5).fill(-1);
  expect(assign(owners, [10, 11])).toEqual([0, 1, 2, 3, 4]);
  expect([...owners]).toEqual([10, 11, 10, 11, 10]);
});

test('a member that joins takes no more than its share, the others keep the rest', () => {
  const owners = Int32Array.of(10, 11, 10, 11, 10, 11);
  expect(assign(owners, [10, 11, 12])).toEqual([4, 5]);
  expect([...owners]).toEqual([10, 11, 10, 11, 12, 12]);
});

test('what a leaving member owned goes to the others, and nothing else moves', () => {
  const owners = Int32Array.of(10, 11, 12, 10, 11, 12);
  expect(assign(owners, [10, 11])).toEqual([2, 5]);
  expect(loadsOf(owners, [10, 11])).toEqual([3, 3]);
});

test('without members nobody owns anything', () => {
  const owners = Int32Array.of(10, 10);
  expect(assign(owners, [])).toEqual([0, 1]);
  expect([...owners]).toEqual([-1, -1]);
});

test('whoever comes and goes: balanced, complete, and only as many moves as balance needs', () => {
  const memberships = fc.array(
    fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 12 }),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), memberships, (partitions, steps) => {
      const owners = new Int32Array(partitions).fill(-1);
      for (const members of steps) {
        const before = owners.slice();
        const moved = assign(owners, members);
        const loads = loadsOf(owners, members);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
        expect(loads.reduce((sum, load) => sum + load, 0)).toBe(partitions);
        const changed = [...owners.keys()].filter((p) => owners[p] !== before[p]);
        expect(moved).toEqual(changed);
      }
    }),
  );
});
