import type { Logger } from '@lagscaler/demo-shared/log.ts';
import { isTransientMongoError } from '@lagscaler/demo-shared/mongo.ts';
import { orAborted } from '@lagscaler/demo-shared/time.ts';
import { type CreateIndexesOptions, type IndexDescription, MongoServerError } from 'mongodb';
import type { Operations } from './mongo-store.ts';

/** By name; `_id` breaks ties of the list. Sparse: only the few documents that have an outbox. */
const wanted = [
  { name: 'uuid', key: { uuid: 1 }, unique: true },
  { name: 'state_createdAt', key: { state: 1, createdAt: -1, _id: -1 } },
  { name: 'createdAt', key: { createdAt: -1, _id: -1 } },
  { name: 'outbox_leasedUntil', key: { 'outbox.leasedUntil': 1 }, sparse: true },
] as const satisfies readonly IndexDescription[];

export interface IndexTiming {
  /** How long one who asks waits. */
  readonly answerMs: number;
  /** Between two looks. */
  readonly freshMs: number;
}

const usualTiming: IndexTiming = { answerMs: 1_500, freshMs: 500 };
/** A large collection is silent for long while its index is built; that must not cost the connection. */
const building: CreateIndexesOptions & { socketTimeoutMS: number } = { socketTimeoutMS: 600_000 };
const namespaceNotFound = 26;

/**
 * Whether MongoDB answers and has the indexes; makes those that are missing. However many ask, it is
 * looked up twice a second at most.
 * @returns undefined when all is there, else what is waited for; never rejects
 */
export function createIndexCheck(
  operations: Pick<Operations, 'indexes' | 'createIndexes'>,
  log: Logger,
  { answerMs, freshMs }: IndexTiming = usualTiming,
): () => Promise<string | undefined> {
  let checking: Promise<string | undefined> | undefined;
  let fresh = Number.NEGATIVE_INFINITY;
  let build: Promise<unknown> | undefined;

  /** Whoever asks may give up; what is being built goes on, and is not begun again. */
  const ensure = async (): Promise<void> => {
    const missing = await missingIndexes(operations);
    if (missing.length === 0) return;
    build ??= operations
      .createIndexes(missing, building)
      .catch(refused)
      .finally(() => {
        build = undefined;
      });
    await build;
  };

  const refused = (error: unknown): never => {
    if (!isTransientMongoError(error)) log.error({ err: error }, 'cannot create the indexes');
    throw error;
  };

  const check = async (): Promise<string | undefined> => {
    try {
      await orAborted(ensure(), AbortSignal.timeout(answerMs));
      return undefined;
    } catch (error) {
      log.debug({ err: error }, 'the indexes are not there');
      return build || error instanceof MongoServerError
        ? 'waiting for the indexes of collection operation'
        : 'waiting for MongoDB';
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

async function missingIndexes(operations: Pick<Operations, 'indexes'>) {
  const names = await operations.indexes().then(
    (indexes) => new Set(indexes.map(({ name }) => name)),
    (error: unknown) => {
      if (error instanceof MongoServerError && error.code === namespaceNotFound) return new Set();
      throw error;
    },
  );
  return wanted.filter(({ name }) => !names.has(name));
}
