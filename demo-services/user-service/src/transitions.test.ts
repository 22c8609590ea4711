import { expect, test } from 'vitest';
import { type SagaEvent, transitions, type UserState } from './transitions.ts';

const reject = (error: string) => ({ to: 'false', outcome: { state: 'failed', error } });

test.for<[string, UserState, SagaEvent, object]>([
  ['a new user is asked about', 'absent', 'user-create', { to: 'pending', emit: 'user-approve' }],
  ['an approval completes', 'pending', 'approved', { to: 'true', outcome: { state: 'completed' } }],
  ['a rejection fails', 'pending', 'rejected', reject('approval failed')],
  ['a timeout fails and says so', 'pending', 'timeout', reject('approval timed out')],
  ['a second user-create changes nothing', 'pending', 'user-create', { kind: 'ignore' }],
  ['an approval of nobody is unknown', 'absent', 'approved', { kind: 'unknown' }],
  ['a rejection of nobody is unknown', 'absent', 'rejected', { kind: 'unknown' }],
  ['nobody times out', 'absent', 'timeout', { kind: 'ignore' }],
])('%s', ([, state, event, reaction]) => {
  expect(transitions[state][event]).toMatchObject(reaction);
});

test('a decided user never changes again', () => {
  const reactions = [...Object.values(transitions.true), ...Object.values(transitions.false)];
  expect(new Set(reactions.map(({ kind }) => kind))).toEqual(new Set(['ignore']));
});

test('every decision is told to operation-service', () => {
  const { approved, rejected, timeout } = transitions.pending;
  for (const move of [approved, rejected, timeout]) expect(move.emit).toBe('user-create-response');
});
