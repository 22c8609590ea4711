import { expect, test } from 'vitest';
import { readApplication, toResponse } from './approve.ts';

const envelope = {
  uuid: 'operation',
  type: 'user-create',
  state: 'pending',
  data: { name: 'hans', uuid: 'user', approved: 'pending', email: 'h@x' },
  response: { state: 'pending' },
};
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

test.for([
  ['no name', { name: undefined }, '"data.name"'],
  ['an empty name', { name: '' }, '"data.name"'],
  ['a number as name', { name: 7 }, '"data.name"'],
  ['no user uuid', { uuid: undefined }, '"data.uuid"'],
] as const)('%s is poison', ([, data, path]) => {
  const broken = { ...envelope, data: { ...envelope.data, ...data } };
  expect(() => readApplication(bytes(broken))).toThrow(path);
});

test('the answer is the same envelope with a decision in text, under the operation', () => {
  const answer = toResponse(readApplication(bytes(envelope)), 'false', {});
  expect(answer.key).toBe('operation');
  expect(JSON.parse(String(answer.value))).toEqual({
    ...envelope,
    data: { ...envelope.data, approved: 'false' },
  });
});
