import { increment } from './load-tally.ts';
import type { Expected } from './names.ts';
import type { OperationUser } from './operation-user.ts';
import { createTimes, type TimeSummary } from './times.ts';
import { createUserCheck, type UserBalance } from './user-balance.ts';

/** An operation that operation-service accepted. Times are those of `performance.now()`. */
export interface AcceptedOperation {
  readonly uuid: string;
  readonly name: string;
  readonly expected: Expected;
  /** When its request was to be sent. */
  readonly dueAtMs: number;
  readonly answeredAtMs: number;
}

/** An operation seen in its terminal state. */
export interface SettledOperation extends AcceptedOperation {
  readonly state: Expected;
  /** Of a failed operation. */
  readonly error: string | undefined;
  readonly user: OperationUser;
  /** From when its request was to be sent until it was seen terminal. */
  readonly sagaMs: number;
  /** How much too long that may be: it was not looked at for so long before. */
  readonly resolutionMs: number;
}

/** Each accepted operation must end once, in the state that the denylist rule predicts, with a user. */
export interface Balance {
  /** Accepted = terminal, each in the state predicted and with a user of its own. */
  readonly balanced: boolean;
  readonly accepted: number;
  readonly terminal: number;
  readonly completed: number;
  readonly failed: number;
  /** What the rule predicts for the accepted names. */
  readonly expected: { readonly completed: number; readonly failed: number };
  /** Failed operations by their `error`. */
  readonly failedBy: Readonly<Record<string, number>>;
  readonly notTerminal: number;
  /** Some of them. */
  readonly notTerminalExamples: readonly NotTerminal[];
  /** Terminal, but not in the state predicted, or failed for another reason than the name. */
  readonly unexpected: number;
  readonly unexpectedExamples: readonly Unexpected[];
  /** Requests whose answer named an operation that another request had been given and that was still pending. */
  readonly duplicateUuids: number;
  /** One user per operation. */
  readonly users: UserBalance;
  readonly sagaMs: TimeSummary | undefined;
  readonly resolutionMs: TimeSummary | undefined;
}

export interface NotTerminal {
  readonly uuid: string;
  readonly name: string;
  /** The state last seen, or `unknown to operation-service`. */
  readonly state: string;
}

export type Unexpected = Pick<SettledOperation, 'uuid' | 'name' | 'expected' | 'state' | 'error'>;

/** What user-service says when the approval rule rejects the user. */
const rejected = 'approval failed';
export const maxExamples = 10;

type Settlement = Omit<
  Balance,
  | 'balanced'
  | 'accepted'
  | 'terminal'
  | 'notTerminal'
  | 'notTerminalExamples'
  | 'duplicateUuids'
  | 'expected'
>;

/** The part of the balance about terminal operations. */
export function createSettlements() {
  const saga = createTimes();
  const resolution = createTimes();
  const users = createUserCheck();
  const count = { completed: 0, failed: 0, unexpected: 0 };
  const failedBy: Record<string, number> = {};
  const unexpectedExamples: Unexpected[] = [];
  return {
    add({ uuid, name, expected, state, error, user, sagaMs, resolutionMs }: SettledOperation) {
      users.add({ uuid, state, user });
      count[state] += 1;
      saga.record(sagaMs);
      resolution.record(resolutionMs);
      if (state === 'failed') increment(failedBy, error ?? 'no error given');
      if (state === expected && (state === 'completed' || error === rejected)) return;
      count.unexpected += 1;
      if (unexpectedExamples.length === maxExamples) return;
      unexpectedExamples.push({ uuid, name, expected, state, error });
    },
    summary: (): Settlement => ({
      ...count,
      failedBy: { ...failedBy },
      unexpectedExamples: [...unexpectedExamples],
      users: users.summary(),
      sagaMs: saga.summary(),
      resolutionMs: resolution.summary(),
    }),
  };
}
