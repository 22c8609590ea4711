/** Where the user of an operation stands: `approved` in the database, or no user at all. */
export const userStates = ['absent', 'pending', 'true', 'false'] as const;
export type UserState = (typeof userStates)[number];

export const sagaEvents = ['user-create', 'approved', 'rejected', 'timeout'] as const;
export type SagaEvent = (typeof sagaEvents)[number];

/** What the coordinator tells operation-service, as `response` of the envelope. */
export type Outcome =
  | { readonly state: 'completed' }
  | { readonly state: 'failed'; readonly error: string };

/** A change of the user, and the message that must follow it. */
export interface Create {
  readonly kind: 'create';
  readonly to: 'pending';
  readonly emit: 'user-approve';
}

export interface Decide {
  readonly kind: 'decide';
  readonly to: 'true' | 'false';
  readonly emit: 'user-create-response';
  readonly outcome: Outcome;
}

/** `ignore`: a duplicate or too late, counted. `unknown`: no such user, which cannot be answered. */
export type Reaction = Create | Decide | { readonly kind: 'ignore' } | { readonly kind: 'unknown' };

const ignore = { kind: 'ignore' } as const;
const unknown = { kind: 'unknown' } as const;
const create: Create = { kind: 'create', to: 'pending', emit: 'user-approve' };

function decide(to: Decide['to'], outcome: Outcome): Decide {
  return { kind: 'decide', to, emit: 'user-create-response', outcome };
}

const final = { 'user-create': ignore, approved: ignore, rejected: ignore, timeout: ignore };

/** The whole state machine: what each event does to a user in each state. Decided is final. */
export const transitions = {
  absent: { 'user-create': create, approved: unknown, rejected: unknown, timeout: ignore },
  pending: {
    'user-create': ignore,
    approved: decide('true', { state: 'completed' }),
    rejected: decide('false', { state: 'failed', error: 'approval failed' }),
    timeout: decide('false', { state: 'failed', error: 'approval timed out' }),
  },
  true: final,
  false: final,
} satisfies Record<UserState, Record<SagaEvent, Reaction>>;
