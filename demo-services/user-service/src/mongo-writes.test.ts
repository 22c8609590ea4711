import { type BulkWriteResult, MongoBulkWriteError } from 'mongodb';
import { expect, test } from 'vitest';
import { insertUsers, type Users } from './mongo-writes.ts';
import type { NewUser } from './store.ts';

const unsent = { topic: 'user-approve', since: 0, claim: 'c' } as const;
const common = { approved: 'pending', envelope: '{}', headers: {}, unsent, data: {}, startedAt: 0 };
const newUsers = ['a', 'b', 'c'].map(
  (uuid) => ({ ...common, operationUuid: uuid, uuid }) as NewUser,
);

/** Inserts many but the second, which it takes alone. */
function refusingSecond(writeConcernError?: object) {
  const alone: unknown[] = [];
  const getWriteConcernError = () => writeConcernError;
  const result = { getWriteConcernError } as unknown as BulkWriteResult;
  const writeErrors = [{ index: 1 }] as never;
  const error = new MongoBulkWriteError({ message: 'x', code: 121, writeErrors }, result);
  const users = {
    insertMany: () => Promise.reject(error),
    insertOne: async ({ uuid }: { uuid: string }) => void alone.push(uuid),
  } as unknown as Users;
  return { users, alone, error };
}

test('one that is refused among many is tried alone', async () => {
  const { users, alone } = refusingSecond();
  const inserted = await insertUsers(users, newUsers);
  expect(await Promise.all(inserted)).toEqual([undefined, undefined, undefined]);
  expect(alone).toEqual(['b']);
});

test('while the others are not durable, none counts as inserted', async () => {
  const { users, alone, error } = refusingSecond({ code: 64, errmsg: 'timeout' });
  await expect(insertUsers(users, newUsers)).rejects.toBe(error);
  expect(alone).toEqual([]);
});
