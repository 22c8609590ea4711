import { isDuplicateKey } from '@lagscaler/demo-shared/mongo.ts';
import { type Collection, type Filter, ObjectId } from 'mongodb';
import {
  fromDocument,
  newDocument,
  type OperationDocument,
  projection,
  storedFields,
} from './documents.ts';
import { answer, answerMs } from './mongo-answer.ts';
import type { Ending } from './operation.ts';
import { pageOf } from './page.ts';
import { createSlots } from './slots.ts';
import type { Finished, ListQuery, OperationStore, Page, Position } from './store.ts';
import { isTerminal, next, operationStates, statesBefore } from './transitions.ts';

export type Operations = Collection<OperationDocument>;

/** A page of 4 MB takes several times as much memory until it is answered. */
const listReads = { atOnce: 2, waiting: 50 };
/** One read for the default page, and not too much of large documents. */
const readAhead = 51;
const terminalStates = operationStates.filter(isTerminal);

/** Operations in `operation_service.operation`: each change is one write to one document. */
export function createMongoStore(operations: Operations): OperationStore {
  const inSlot = createSlots(listReads);
  return {
    async insert(operation, headers, leaseMs) {
      const document = newDocument(operation, headers, leaseMs);
      try {
        await answer(operations.insertOne(document));
      } catch (error) {
        // The uuid is new, so it is ours: the driver has tried again, and only an answer was lost.
        if (!isDuplicateKey(error)) throw error;
      }
    },
    async get(uuid) {
      const document = await answer(operations.findOne({ uuid }, { projection }));
      return document === null ? undefined : fromDocument(document);
    },
    async terminal(uuids) {
      const filter = { uuid: { $in: [...uuids] }, state: { $in: terminalStates } };
      const ended = operations.find(filter, { projection: { _id: 0, uuid: 1 } });
      return (await answer(ended.toArray())).map(({ uuid }) => uuid);
    },
    list: (query) => inSlot(() => list(operations, query)),
    finish: (ending) => finish(operations, ending),
  };
}

async function finish(operations: Operations, ending: Ending): Promise<Finished> {
  const { uuid, outcome, fields } = ending;
  const [from] = statesBefore(outcome);
  const state = from && next(from, outcome);
  if (from === undefined || state === undefined) return { kind: 'final' };
  const changed = await answer(
    operations.findOneAndUpdate(
      { uuid, state: from },
      // Whoever ended the SAGA has had the message of the outbox.
      {
        $set: { state, ...storedFields(fields), updatedAt: new Date() },
        $unset: { outbox: '' },
      },
      { projection: { createdAt: 1 }, returnDocument: 'after' },
    ),
  );
  if (changed !== null) return { kind: 'ended', createdAt: changed.createdAt };
  const found = await answer(operations.findOne({ uuid }, { projection: { _id: 1 } }));
  return { kind: found === null ? 'unknown' : 'final' };
}

async function list(operations: Operations, { state, limit, after }: ListQuery): Promise<Page> {
  const filter: Filter<OperationDocument> = {
    ...(state && { state }),
    ...(after && behind(after)),
  };
  const found = operations
    .find(filter, { projection: { ...projection, createdAt: 1 }, maxTimeMS: answerMs })
    .sort({ createdAt: -1, _id: -1 })
    .limit(limit + 1) // one more tells whether there is a next page
    .batchSize(readAhead);
  const { shown, more } = await answer(pageOf(found, limit));
  const last = more ? shown.at(-1) : undefined;
  return {
    items: shown.map(fromDocument),
    next: last && { createdAt: last.createdAt, id: last._id.toHexString() },
  };
}

/** The first condition keeps the second one from looking at all that is newer. */
function behind({ createdAt, id }: Position): Filter<OperationDocument> {
  return {
    createdAt: { $lte: createdAt },
    $or: [{ createdAt: { $lt: createdAt } }, { _id: { $lt: new ObjectId(id) } }],
  };
}
