import { isDuplicateKey, isUndurable } from '@lagscaler/demo-shared/mongo.ts';
import { type Collection, MongoBulkWriteError } from 'mongodb';
import {
  decisionUpdate,
  fromDocument,
  projection,
  toDocument,
  type UserDocument,
} from './documents.ts';
import type { DecidedUser, NewUser, User } from './store.ts';

export type Users = Collection<UserDocument>;

export async function findUsers(
  users: Users,
  operationUuids: readonly string[],
): Promise<ReadonlyMap<string, User>> {
  const filter = { operationUuid: { $in: [...operationUuids] } };
  const found = await users.find(filter, { projection }).toArray();
  return new Map(found.map((document) => [document.operationUuid, fromDocument(document)]));
}

export async function findUser(users: Users, operationUuid: string): Promise<User | undefined> {
  return (await findUsers(users, [operationUuid])).get(operationUuid);
}

/** @returns the user that the operation has already, undefined when this one was inserted */
export async function insertUser(users: Users, user: NewUser): Promise<User | undefined> {
  try {
    // An insert, not an upsert: there a field of the client such as `a.b` would be a path.
    await users.insertOne(toDocument(user));
    return undefined;
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    const existing = await findUser(users, user.operationUuid);
    if (existing === undefined) throw error;
    return existing.uuid === user.uuid ? undefined : existing; // ours: only the answer was lost
  }
}

/** As `insertUser` for many; one that is refused is tried once more alone, and rejects alone. */
export async function insertUsers(
  users: Users,
  newUsers: readonly NewUser[],
): Promise<readonly (Promise<User | undefined> | undefined)[]> {
  try {
    await users.insertMany(newUsers.map(toDocument), { ordered: false });
    return [];
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || isUndurable(error)) throw error;
    const refused = new Set([error.writeErrors].flat().map(({ index }) => index));
    if (refused.size === 0) throw error;
    return newUsers.map((user, i) => (refused.has(i) ? insertUser(users, user) : undefined));
  }
}

/** @returns for each whether it was decided, by this call or by an earlier one whose answer was lost */
export async function decideUsers(
  users: Users,
  decided: readonly DecidedUser[],
): Promise<readonly boolean[]> {
  const updates = decided.map((user) => ({
    updateOne: {
      filter: { operationUuid: user.operationUuid, uuid: user.uuid, approved: 'pending' as const },
      update: decisionUpdate(user),
    },
  }));
  const { matchedCount } = await users.bulkWrite(updates, { ordered: false });
  if (matchedCount === decided.length) return decided.map(() => true);
  const uuids = decided.map(({ operationUuid }) => operationUuid);
  const found = await findUsers(users, uuids);
  return decided.map((user) => found.get(user.operationUuid)?.unsent?.claim === user.unsent.claim);
}

/** Their message for this topic is acknowledged. */
export async function clearUnsent(
  users: Users,
  operationUuids: readonly string[],
  topic: string,
): Promise<void> {
  const unsent = { operationUuid: { $in: [...operationUuids] }, 'saga.unsent.topic': topic };
  await users.updateMany(unsent, { $unset: { 'saga.unsent': '' } });
}
