import { isDuplicateKey } from '@lagscaler/demo-shared/mongo.ts';
import { type Collection, type Filter, ObjectId } from 'mongodb';
import {
  fromDocument,
  newDocument,
  type OperationDocument,
  projection,
  storedFields,
} from './documents.ts';
import { answer } from './mongo-answer.ts';
import type { Ending } from './operation.ts';
import type { Census, Finished, ListQuery, OperationStore, Page, Position } from './store.ts';
import {
  isTerminal,
  next,
  type OperationState,
  operationStates,
  statesBefore,
} from './transitions.ts';

export type Operations = Collection<OperationDocument>;

const terminalStates = operationStates.filter(isTerminal);

/** Operations in `operation_service.operation`: each change is one write to one document. */
export function createMongoStore(operations: Operations): OperationStore {
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
      const documents = await answer(operations.find(filter, { projection }).toArray());
      return documents.map(fromDocument);
    },
    list: (query) => list(operations, query),
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
  const documents = await answer(
    operations
      .find(filter, { projection: { ...projection, createdAt: 1 } })
      .sort({ createdAt: -1, _id: -1 })
      .limit(limit + 1) // one more tells whether there is a next page
      .toArray(),
  );
  const shown = documents.slice(0, limit);
  const last = shown.at(-1);
  const more = documents.length > limit && last !== undefined;
  return {
    items: shown.map(fromDocument),
    next: more ? { createdAt: last.createdAt, id: last._id.toHexString() } : undefined,
  };
}

/** The first condition keeps the second one from looking at all that is newer. */
function behind({ createdAt, id }: Position): Filter<OperationDocument> {
  return {
    createdAt: { $lte: createdAt },
    $or: [{ createdAt: { $lt: createdAt } }, { _id: { $lt: new ObjectId(id) } }],
  };
}

/** Counts through the indexes, where the server has them. @throws UnavailableError */
export async function takeCensus(operations: Operations): Promise<Census> {
  const counted = operations.aggregate<{ readonly _id: OperationState; readonly count: number }>([
    // Every state there is: for the planner it is what makes the index of states enough.
    { $match: { state: { $in: [...operationStates] } } },
    { $group: { _id: '$state', count: { $sum: 1 } } },
  ]);
  const byState = { pending: 0, completed: 0, failed: 0 };
  for (const { _id: state, count } of await answer(counted.toArray())) byState[state] = count;
  const unsent = { 'outbox.leasedUntil': { $gte: new Date(0) } };
  return { byState, unsent: await answer(operations.countDocuments(unsent)) };
}
