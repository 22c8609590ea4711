export const operationStates = ['pending', 'completed', 'failed'] as const;
export type OperationState = (typeof operationStates)[number];

/** How a SAGA ends: what `response.state` of the last message says. */
export type Outcome = 'completed' | 'failed';

/** The whole life of an operation. Terminal states are final: whatever comes later changes nothing. */
const transitions: Readonly<
  Record<OperationState, Readonly<Partial<Record<Outcome, OperationState>>>>
> = {
  pending: { completed: 'completed', failed: 'failed' },
  completed: {},
  failed: {},
};

/** @returns undefined when the outcome changes nothing, being late or a duplicate */
export function next(state: OperationState, outcome: Outcome): OperationState | undefined {
  return transitions[state][outcome];
}

/** The states in which an outcome still changes something. */
export function statesBefore(outcome: Outcome): readonly OperationState[] {
  return operationStates.filter((state) => next(state, outcome) !== undefined);
}

export function isTerminal(state: OperationState): boolean {
  return Object.keys(transitions[state]).length === 0;
}

export function isOutcome(value: unknown): value is Outcome {
  return value === 'completed' || value === 'failed';
}
