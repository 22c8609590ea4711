import { expect, test } from 'vitest';
import { deepFreeze, mergePatch } from './json.ts';

test.for([
  ['equal values need no patch', { a: 1, b: { c: [1] } }, { b: { c: [1] }, a: 1 }, undefined],
  ['a changed field', { a: 1, b: 2 }, { a: 1, b: 3 }, { b: 3 }],
  ['a field that is gone becomes null', { a: 1, lag: '5' }, { a: 1 }, { lag: null }],
  ['undefined is gone too', { lag: '5' }, { lag: undefined }, { lag: null }],
  ['undefined on both sides is nothing', { lag: undefined }, {}, undefined],
  ['deep inside', { d: { x: 1, y: 2 } }, { d: { x: 1 } }, { d: { y: null } }],
  ['lists are replaced whole', { l: [{ a: 1 }, { a: 2 }] }, { l: [{ a: 1 }] }, { l: [{ a: 1 }] }],
  ['a changed item in a list', { l: [{ a: 1 }] }, { l: [{ a: 2 }] }, { l: [{ a: 2 }] }],
  ['a new branch', {}, { d: { x: 1 } }, { d: { x: 1 } }],
  ['a value becomes a branch', { d: 1 }, { d: { x: 1 } }, { d: { x: 1 } }],
  ['zero and false are values', { a: 1, b: true }, { a: 0, b: false }, { a: 0, b: false }],
] as const)('%s', ([, before, after, patch]) => {
  expect(mergePatch(before, after)).toEqual(patch);
});

test('frozen to the bottom', () => {
  const value = deepFreeze({ a: [{ b: 1 }] });
  expect(() => Object.assign(value.a[0] ?? {}, { b: 2 })).toThrow(TypeError);
});
