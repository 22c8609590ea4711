import { expect, test } from 'vitest';
import { defaultNames, nameUser } from './names.ts';

const denied = (share: number, from: number, count: number) =>
  Array.from({ length: count }, (_, index) =>
    nameUser(from + index, { ...defaultNames, deniedShare: share }),
  ).filter(({ expected }) => expected === 'failed');

test.for([
  ['each tenth by default', 0.1, 1_000, 100],
  ['none', 0, 100, 0],
  ['all', 1, 100, 100],
  ['a third', 1 / 3, 300, 100],
] as const)('denied names: %s', ([, share, count, expected]) => {
  expect(denied(share, 0, count)).toHaveLength(expected);
});

test('any stretch of ten has its denied name, at the same place in every run', () => {
  for (const from of [0, 7, 123]) expect(denied(0.1, from, 10)).toHaveLength(1);
  expect(nameUser(8, defaultNames)).toEqual({ name: 'hans', expected: 'completed' });
  expect(nameUser(9, defaultNames)).toEqual({ name: 'mallory', expected: 'failed' });
});
