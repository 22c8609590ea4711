import { type Document, MongoClient } from 'mongodb';
import { createTopic, deleteGroup, deleteTopics, groupLag } from './kafka.ts';
import { until } from './until.ts';

/** Where the SAGA runs; a `Cluster` is one. */
export interface SagaBackends {
  readonly bootstrapServers: readonly string[];
  hostMongoUrl(database: string): string;
}

/** In the order in which a SAGA passes them. */
export const sagaTopics = [
  'user-create',
  'user-approve',
  'user-approve-response',
  'user-create-response',
] as const;
export type SagaTopic = (typeof sagaTopics)[number];

export const sagaGroups = {
  'user-service': ['user-create', 'user-approve-response'],
  'user-approval-service': ['user-approve'],
  'operation-service': ['user-create-response'],
} as const;

export const deadLetterTopic = (topic: SagaTopic) => `${topic}.dlq`;

const allTopics = [...sagaTopics, ...sagaTopics.map(deadLetterTopic)];

/** No topics, no groups, no databases. The services must be gone. */
export async function removeSaga(backends: SagaBackends): Promise<void> {
  const { bootstrapServers } = backends;
  await Promise.all(Object.keys(sagaGroups).map((group) => deleteGroup(bootstrapServers, group)));
  await deleteTopics(bootstrapServers, allTopics);
  for (const database of ['operation_service', 'user_service'])
    await withMongo(backends, database, (client) => client.db().dropDatabase());
}

/** As `removeSaga`, then the topics anew. */
export async function resetSaga(backends: SagaBackends, partitions: number): Promise<void> {
  await removeSaga(backends);
  await Promise.all(
    allTopics.map((topic) =>
      createTopic(backends.bootstrapServers, topic, topic.endsWith('.dlq') ? 1 : partitions),
    ),
  );
}

/** A client of one of the two databases, whose name is in its URL, with a short deadline. */
async function withMongo<T>(
  backends: SagaBackends,
  database: string,
  work: (client: MongoClient) => Promise<T>,
): Promise<T> {
  const url = backends.hostMongoUrl(database);
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 10_000 });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

export function readOperations(backends: SagaBackends): Promise<Document[]> {
  return withMongo(backends, 'operation_service', (client) =>
    client.db().collection('operation').find().toArray(),
  );
}

export function readUsers(backends: SagaBackends): Promise<Document[]> {
  return withMongo(backends, 'user_service', (client) =>
    client.db().collection('user').find().toArray(),
  );
}

/** Records that the three groups have still to handle. */
export async function sagaLag({ bootstrapServers }: SagaBackends): Promise<bigint> {
  const lags = Object.entries(sagaGroups).map(([group, topics]) =>
    groupLag(bootstrapServers, group, topics),
  );
  return (await Promise.all(lags)).reduce((total, lag) => total + lag, 0n);
}

/** Waits until nothing is on its way any more: no pending operation, no outbox, no lag. */
export async function untilSettled(backends: SagaBackends, withinMs = 60_000): Promise<void> {
  let seen: unknown;
  const settled = async () => {
    const [operations, users] = [await readOperations(backends), await readUsers(backends)];
    const pending = operations.filter(({ state }) => state === 'pending').length;
    const unsent =
      operations.filter(({ outbox }) => outbox !== undefined).length +
      users.filter(({ saga }) => saga?.unsent !== undefined).length;
    seen = { operations: operations.length, users: users.length, pending, unsent };
    if (pending + unsent > 0) return false;
    const lag = await sagaLag(backends);
    seen = { operations: operations.length, users: users.length, pending, unsent, lag: `${lag}` };
    return lag === 0n;
  };
  await until('every operation is terminal and no record is left', settled, {
    withinMs,
    everyMs: 500,
    seen: () => seen,
  });
}
