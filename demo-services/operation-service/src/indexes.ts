import type { Logger } from '@lagscaler/demo-shared/log.ts';
import { isTransientMongoError } from '@lagscaler/demo-shared/mongo.ts';
import { orAborted } from '@lagscaler/demo-shared/time.ts';
import { type IndexDescription, MongoServerError } from 'mongodb';
import type { Operations } from './mongo-store.ts';

/** By name; `_id` breaks ties of the list. Sparse: only the few documents that have an outbox. */
const wanted = [
  { name: 'uuid', key: { uuid: 1 }, unique: true },
  { name: 'state_createdAt', key: { state: 1, createdAt: -1, _id: -1 } },
  { name: 'createdAt', key: { createdAt: -1, _id: -1 } },
  { name: 'outbox_leasedUntil', key: { 'outbox.leasedUntil': 1 }, sparse: true },
] as const satisfies readonly IndexDescription[];

const answerMs = 1_500;
const freshMs = 500;
const namespaceNotFound = 26;

/**
 * Whether MongoDB answers and has the indexes; makes those that are missing. However many ask, it is
 * looked up twice a second at most.
 * @returns undefined when all is there, else what is waited for; never rejects
 */
export function createIndexCheck(
  operations: Operations,
  log: Logger,
): () => Promise<string | undefined> {
  let checking: Promise<string | undefined> | undefined;
  let fresh = Number.NEGATIVE_INFINITY;

  const check = async (): Promise<string | undefined> => {
    try {
      await orAborted(ensure(operations), AbortSignal.timeout(answerMs));
      return undefined;
    } catch (error) {
      log.debug({ err: error }, 'the indexes are not there');
      if (!(error instanceof MongoServerError)) return 'waiting for MongoDB';
      if (!isTransientMongoError(error)) log.error({ err: error }, 'cannot create the indexes');
      return 'waiting for the indexes of collection operation';
    } finally {
      fresh = performance.now() + freshMs;
    }
  };

  return () => {
    if (performance.now() >= fresh) {
      fresh = Number.POSITIVE_INFINITY; // one at a time
      checking = check();
    }
    return checking ?? Promise.resolve('starting');
  };
}

async function ensure(operations: Operations): Promise<void> {
  const names = await operations.indexes().then(
    (indexes) => new Set(indexes.map(({ name }) => name)),
    (error: unknown) => {
      if (error instanceof MongoServerError && error.code === namespaceNotFound) return new Set();
      throw error;
    },
  );
  const missing = wanted.filter(({ name }) => !names.has(name));
  if (missing.length > 0) await operations.createIndexes(missing);
}
