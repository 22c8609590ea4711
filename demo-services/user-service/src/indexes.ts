import type { Collection, IndexDescription } from 'mongodb';
import type { UserDocument } from './documents.ts';

/** The indexes cannot be made now, whatever the reason: no message is to blame. */
export class IndexesMissingError extends Error {
  override readonly name = 'IndexesMissingError';
}

/** The first two keep the promise of one user per operation; the others are for the sweep. */
const descriptions: IndexDescription[] = [
  { key: { uuid: 1 }, unique: true },
  { key: { operationUuid: 1 }, unique: true },
  { key: { 'saga.unsent.since': 1 }, sparse: true },
  { key: { 'saga.pendingSince': 1 }, sparse: true },
];

export interface Indexes {
  readonly ready: boolean;
  /** Makes them once. @throws IndexesMissingError, and the next call tries again */
  ensure(): Promise<void>;
}

export function createIndexes(users: Pick<Collection<UserDocument>, 'createIndexes'>): Indexes {
  let making: Promise<void> | undefined;
  let ready = false;
  const make = async (): Promise<void> => {
    try {
      await users.createIndexes(descriptions);
      ready = true;
    } catch (error) {
      making = undefined;
      throw new IndexesMissingError('cannot create the indexes', { cause: error });
    }
  };
  return {
    get ready() {
      return ready;
    },
    ensure() {
      making ??= make();
      return making;
    },
  };
}
