import { PoisonError } from '@lagscaler/demo-shared/envelope.ts';
import { expect, test } from 'vitest';
import { ended, newOperation, readEnding } from './operation.ts';

const data = { name: 'hans', createdAt: '2026-01-01T12:00:00.123Z', uuid: 'u', approved: 'true' };
const message = {
  uuid: 'op',
  type: 'user-create',
  state: 'pending',
  data,
  response: { state: 'completed' },
};
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

test('a new operation is the first stage of the envelope', () => {
  expect(JSON.stringify(newOperation('op', 'user-create', { name: 'hans' }))).toBe(
    '{"uuid":"op","type":"user-create","state":"pending","data":{"name":"hans"},"response":{"state":"pending"}}',
  );
});

test('an operation that does not exist has failed at once', () => {
  expect(newOperation('op', 'user-delete', { name: 'hans' })).toEqual({
    uuid: 'op',
    type: 'user-delete',
    state: 'failed',
    data: { name: 'hans' },
    response: { state: 'pending' },
    error: 'operation not allowed',
  });
});

test.for<[string, unknown, unknown]>([
  [
    'completed: the user as it became',
    message,
    { state: 'completed', data, response: { state: 'completed' } },
  ],
  [
    'failed: with its error',
    { ...message, response: { state: 'failed', error: 'approval failed' } },
    {
      state: 'failed',
      error: 'approval failed',
      response: { state: 'failed', error: 'approval failed' },
    },
  ],
  [
    'failed without an error: unknown',
    { ...message, response: { state: 'failed' } },
    { state: 'failed', error: 'unknown error', response: { state: 'failed' } },
  ],
  [
    'failed with an error that is no text: unknown',
    { ...message, response: { state: 'failed', error: { code: 7 } } },
    { state: 'failed', error: 'unknown error', response: { state: 'failed', error: { code: 7 } } },
  ],
  ['unknown fields stay', { ...message, extra: { deep: [1] } }, { extra: { deep: [1] } }],
  [
    'type, state and error of the envelope are ours alone',
    { ...message, type: 'x', state: 'failed', error: 'y' },
    { type: 'user-create', state: 'completed' },
  ],
])('%s', ([, value, expected]) => {
  const operation = newOperation('op', 'user-create', { name: 'hans' });
  const result = ended(operation, readEnding(bytes(value)));
  expect(result).toMatchObject(expected as object);
  expect(result?.error === undefined).toBe(result?.state === 'completed');
});

test('nothing changes an operation that has ended', () => {
  const operation = newOperation('op', 'user-create', { name: 'hans' });
  const completed = ended(operation, readEnding(bytes(message)));
  const late = { ...message, response: { state: 'failed', error: 'approval timed out' } };
  expect(completed && ended(completed, readEnding(bytes(late)))).toBeUndefined();
});

test.for<[string, Buffer | null]>([
  ['an empty message', null],
  ['no JSON', Buffer.from('{')],
  ['data null', bytes({ ...message, data: null })],
  ['no response', bytes({ ...message, response: undefined })],
  ['a response that is a list', bytes({ ...message, response: ['completed'] })],
  ['a response still pending', bytes({ ...message, response: { state: 'pending' } })],
  ['a uuid that is a number', bytes({ ...message, uuid: 7 })],
])('%s is poison', ([, value]) => expect(() => readEnding(value)).toThrow(PoisonError));
