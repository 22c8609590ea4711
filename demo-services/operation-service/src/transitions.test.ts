import { expect, test } from 'vitest';
import {
  isOutcome,
  isTerminal,
  next,
  type OperationState,
  type Outcome,
  statesBefore,
} from './transitions.ts';

test.for<[string, OperationState, Outcome, OperationState | undefined]>([
  ['a completed response completes a pending operation', 'pending', 'completed', 'completed'],
  ['a failed response fails a pending operation', 'pending', 'failed', 'failed'],
  ['a duplicate changes nothing', 'completed', 'completed', undefined],
  ['a late failure does not undo a completed operation', 'completed', 'failed', undefined],
  ['a late success does not undo a failed operation', 'failed', 'completed', undefined],
  ['a failure that comes twice changes nothing', 'failed', 'failed', undefined],
])('%s', ([, state, outcome, expected]) => expect(next(state, outcome)).toBe(expected));

test('nothing leads back to pending, and only pending is not final', () => {
  expect(statesBefore('completed')).toEqual(['pending']);
  expect(statesBefore('failed')).toEqual(['pending']);
  expect((['pending', 'completed', 'failed'] as const).map(isTerminal)).toEqual([
    false,
    true,
    true,
  ]);
});

test.for([['pending'], [''], [undefined], [null], [7], [{}]])('%s is no outcome', ([value]) =>
  expect(isOutcome(value)).toBe(false),
);
