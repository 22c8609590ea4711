import { expect, test } from 'vitest';
import { createUncommitted } from './uncommitted.ts';

function answered(...offsets: string[]) {
  const uncommitted = createUncommitted();
  uncommitted.add('t', 0, offsets);
  return uncommitted;
}

test('answered messages are recognized once, of their own partition only', () => {
  const uncommitted = answered('4', '5');
  expect(uncommitted.take('t', 1, ['4', '5'])).toEqual(new Set());
  expect(uncommitted.take('t', 0, ['4', '5'])).toEqual(new Set(['4', '5']));
  expect(uncommitted.take('t', 0, ['4', '5'])).toEqual(new Set());
});

test('they may come again in smaller chunks', () => {
  const uncommitted = answered('4', '5', '6');
  expect(uncommitted.take('t', 0, ['4'])).toEqual(new Set(['4']));
  expect(uncommitted.take('t', 0, ['5', '6', '7'])).toEqual(new Set(['5', '6']));
});

test('chunks answered one after another add up', () => {
  const uncommitted = answered('4');
  uncommitted.add('t', 0, ['5']);
  expect(uncommitted.take('t', 0, ['4', '5'])).toEqual(new Set(['4', '5']));
});

test('a message that was not answered is beyond them: the rest is forgotten', () => {
  const uncommitted = answered('4', '5');
  expect(uncommitted.take('t', 0, ['3'])).toEqual(new Set());
  expect(uncommitted.take('t', 0, ['4'])).toEqual(new Set());
});

test('partitions that another member may have gone on with are forgotten', () => {
  const uncommitted = answered('4');
  uncommitted.add('t', 1, ['9']);
  uncommitted.keepOnly((_topic, partition) => partition === 1);
  expect(uncommitted.take('t', 0, ['4'])).toEqual(new Set());
  expect(uncommitted.take('t', 1, ['9'])).toEqual(new Set(['9']));
});
