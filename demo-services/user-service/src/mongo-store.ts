import type { Logger } from '@lagscaler/demo-shared/log.ts';
import { isTransientMongoError } from '@lagscaler/demo-shared/mongo.ts';
import { untilDone } from '@lagscaler/demo-shared/retry.ts';
import type { Db } from 'mongodb';
import { type BatcherOptions, createBatcher } from './batcher.ts';
import { fromDocument, projection, type UserDocument, unsentDocument } from './documents.ts';
import { createIndexes, IndexesMissingError } from './indexes.ts';
import { clearUnsent, decideUsers, findUser, insertUsers } from './mongo-writes.ts';
import type { DecidedUser, NewUser, Unsent, UserStore } from './store.ts';

export interface MongoUserStore extends UserStore {
  /** Why no user can be stored yet, undefined when the indexes are there. */
  notReady(): string | undefined;
  /** Users pending: all of them, and those since before this time. @throws what the driver throws */
  countPending(before: number): Promise<{ readonly all: number; readonly since: number }>;
}

export interface MongoStorePorts {
  readonly db: Db;
  readonly log: Logger;
  /** Ends the trying: a shutdown waits no longer. */
  readonly signal: AbortSignal;
}

/** Of one call to the database. */
const maxItems = 200;

const ignoreRetry = () => undefined;

/** Users in `user_service.user`. Nothing is written before the indexes are there. */
export function createMongoUserStore({ db, log, signal }: MongoStorePorts): MongoUserStore {
  const users = db.collection<UserDocument>('user');
  const indexes = createIndexes(users);
  const isTransient = (error: unknown) =>
    error instanceof IndexesMissingError || isTransientMongoError(error);

  const persist = <T>(what: string, onRetry: () => void, attempt: () => Promise<T>): Promise<T> => {
    const prepared = () => indexes.ensure().then(attempt);
    return untilDone(prepared, { isTransient, onRetry, signal, log, what });
  };

  const oldest = async (field: string, before: number, limit: number) => {
    const older = { [field]: { $lt: new Date(before) } };
    const found = await users
      .find(older, { projection })
      .sort({ [field]: 1 })
      .limit(limit);
    return (await found.toArray()).map(fromDocument);
  };

  const batcher = <T, R>(many: BatcherOptions<T, R>['many']) =>
    createBatcher({ many, isTransient, maxItems });
  const create = batcher((newUsers: readonly NewUser[]) => insertUsers(users, newUsers));
  const decide = batcher((decided: readonly DecidedUser[]) => decideUsers(users, decided));
  const clearing = (topic: Unsent['topic']) =>
    batcher<string, void>(async (uuids) => {
      await clearUnsent(users, uuids, topic);
      return [];
    });
  const sent = {
    'user-approve': clearing('user-approve'),
    'user-create-response': clearing('user-create-response'),
  };

  // At once, not with the first message: readiness and the sweep wait for the indexes too.
  persist('create the indexes', ignoreRetry, async () => undefined).catch(() => undefined);

  return {
    create: (user, onRetry) => persist('insert a user', onRetry, () => create(user)),
    find: (operationUuid, onRetry) =>
      persist('find a user', onRetry, () => findUser(users, operationUuid)),

    decide: (user, onRetry) => persist('decide a user', onRetry, () => decide(user)),

    takeOver: ({ operationUuid, unsent: seen }, unsent, onRetry) =>
      persist('take over a message', onRetry, async () => {
        const asSeen = { operationUuid, 'saga.unsent.claim': seen?.claim ?? '' };
        const taken = { $set: { 'saga.unsent': unsentDocument(unsent) } };
        const { matchedCount } = await users.updateOne(asSeen, taken);
        if (matchedCount === 1) return true;
        // It may have been this very call, whose answer was lost.
        return (await findUser(users, operationUuid))?.unsent?.claim === unsent.claim;
      }),

    sent: (operationUuid, topic, onRetry) =>
      persist('note a message as sent', onRetry, () => sent[topic](operationUuid)),

    unsentSince: (before, limit) => oldest('saga.unsent.since', before, limit),
    pendingSince: (before, limit) => oldest('saga.pendingSince', before, limit),

    async countPending(before) {
      const count = (filter: object) => users.countDocuments({ 'saga.pendingSince': filter });
      return {
        all: await count({ $gte: new Date(0) }),
        since: await count({ $gte: new Date(0), $lt: new Date(before) }),
      };
    },

    notReady: () => (indexes.ready ? undefined : 'waiting for the indexes of collection user'),
  };
}
