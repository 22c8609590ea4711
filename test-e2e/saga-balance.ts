import type { Document } from 'mongodb';
import { readUsers, type SagaBackends, type SagaTopic, sagaTopics, untilSettled } from './saga.ts';
import { byTopic, type Case, readCases } from './saga-cases.ts';
import type { Accepted } from './saga-posts.ts';

/** What the databases and topics hold. Each operation is terminal and has one user: else there is none. */
export interface Balance {
  readonly operations: number;
  readonly completed: number;
  readonly failed: number;
  /** Records beyond the first of an operation, by topic: what at-least-once permits. */
  readonly duplicates: Readonly<Record<SagaTopic, number>>;
}

/**
 * Waits until nothing is on its way, then compares every operation with its users and with every record
 * of the four topics about it. Records that are about no operation (poison) are left aside.
 * @param accepted these must be among the operations
 * @param denied the names that are to be rejected
 * @throws Error that lists which operations are wrong, and how
 */
export async function expectBalance(
  backends: SagaBackends,
  accepted: Accepted,
  { withinMs = 60_000, denied = ['mallory'] } = {},
): Promise<Balance> {
  await untilSettled(backends, withinMs);
  const cases = await readCases(backends);
  const known = new Set(cases.map(({ uuid }) => uuid));
  const problems = [
    ...[...accepted.keys()].filter((uuid) => !known.has(uuid)).map((uuid) => `${uuid}: lost`),
    ...(await strayUsers(backends, known)),
    ...cases.flatMap((one) => problemsOf(one, denied).map((problem) => `${one.uuid}: ${problem}`)),
  ];
  if (problems.length > 0) {
    const shown = problems.slice(0, 20).join('\n');
    throw new Error(`${problems.length} problems with ${cases.length} operations:\n${shown}`);
  }
  return summaryOf(cases);
}

async function strayUsers(
  backends: SagaBackends,
  known: ReadonlySet<string>,
): Promise<readonly string[]> {
  return (await readUsers(backends))
    .filter(({ operationUuid }) => !known.has(operationUuid))
    .map(({ uuid, operationUuid }) => `${operationUuid}: unknown, but has the user ${uuid}`);
}

function problemsOf(one: Case, denied: readonly string[]): readonly string[] {
  const { operation, users } = one;
  const rejected = denied.includes(String(operation['data']?.name).trim().toLowerCase());
  return [
    ...operationProblems(operation, rejected),
    ...(users.length === 1 ? [] : [`${users.length} users`]),
    ...users.flatMap((user) => userProblems(user, operation, rejected)),
    ...sagaTopics.flatMap((topic) =>
      topicProblems(one, topic).map((problem) => `${topic}: ${problem}`),
    ),
  ];
}

function operationProblems(operation: Document, rejected: boolean): readonly string[] {
  const error = rejected ? 'approval failed' : undefined;
  const state = rejected ? 'failed' : 'completed';
  return differences(
    {
      state: operation['state'],
      error: operation['error'],
      response: operation['response']?.state,
      responseError: operation['response']?.error,
      approved: operation['data']?.approved,
    },
    { state, error, response: state, responseError: error, approved: String(!rejected) },
  );
}

function userProblems(user: Document, operation: Document, rejected: boolean): readonly string[] {
  const { uuid, createdAt, name } = operation['data'] ?? {};
  return differences(
    { user: user['uuid'], createdAt: user['createdAt'], name: user['name'] },
    { user: uuid, createdAt, name },
  ).concat(differences({ approved: user['approved'] }, { approved: String(!rejected) }));
}

/** At least one record, and the same key, state and user in all of them. */
function topicProblems({ uuid, operation, messages }: Case, topic: SagaTopic): readonly string[] {
  if (messages[topic].length === 0) return ['no record'];
  const user = topic === 'user-create' ? undefined : operation['data']?.uuid;
  return messages[topic].flatMap(({ key, envelope }) =>
    differences(
      { key, type: envelope['type'], state: envelope['state'], user: envelope['data']?.uuid },
      { key: uuid, type: 'user-create', state: 'pending', user },
    ),
  );
}

function differences(
  seen: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.keys(wanted)
    .filter((field) => seen[field] !== wanted[field])
    .map((field) => `${field} is ${String(seen[field])}, not ${String(wanted[field])}`);
}

function summaryOf(cases: readonly Case[]): Balance {
  const inState = (state: string) =>
    cases.filter(({ operation }) => operation['state'] === state).length;
  return {
    operations: cases.length,
    completed: inState('completed'),
    failed: inState('failed'),
    duplicates: byTopic((topic) =>
      cases.reduce((total, { messages }) => total + messages[topic].length - 1, 0),
    ),
  };
}
