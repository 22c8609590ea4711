import { fromBson, toBson } from '@lagscaler/demo-shared/mongo.ts';
import type { ObjectId } from 'mongodb';
import type { Operation } from './operation.ts';
import type { Unsent } from './store.ts';
import type { OperationState } from './transitions.ts';

/** An operation as it is stored. What is ours alone stays here: `fromDocument` leaves it out. */
export interface OperationDocument {
  readonly _id?: ObjectId;
  readonly uuid: string;
  readonly type: string;
  readonly state: OperationState;
  readonly data: object;
  readonly response: object;
  readonly error?: unknown;
  /** Fields of the envelope that we do not know. By themselves, for they may have any name. */
  readonly more?: object;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Here as long as the message of this operation may not have been sent. */
  readonly outbox?: {
    readonly headers: Unsent['headers'];
    /** Until then the message is left to the process that has it in hand. */
    readonly leasedUntil: Date;
    /** The claim that found it; none before the first. */
    readonly leasedBy?: string;
  };
}

/** What makes up the operation itself. */
export const projection = {
  uuid: 1,
  type: 1,
  state: 1,
  data: 1,
  response: 1,
  error: 1,
  more: 1,
} as const;

export function newDocument(
  operation: Operation,
  headers: Unsent['headers'] | undefined,
  leaseMs: number,
): OperationDocument {
  const { uuid, type, state } = operation;
  const now = new Date();
  const leasedUntil = new Date(now.getTime() + leaseMs);
  return {
    uuid,
    type,
    state,
    ...storedFields(operation),
    createdAt: now,
    updatedAt: now,
    ...(headers && { outbox: { headers, leasedUntil } }),
  };
}

/** @param fields of an operation: `data`, `response`, `error` and those that we do not know */
export function storedFields(
  fields: Partial<Operation>,
): Pick<OperationDocument, 'data' | 'response' | 'error' | 'more'> {
  const { uuid: _uuid, type: _type, state: _state, data, response, error, ...more } = fields;
  const known = {
    ...(data !== undefined && { data }),
    ...(response !== undefined && { response }),
    ...(error !== undefined && { error }),
  };
  const unknown = Object.keys(more).length > 0 ? { more } : {};
  return toBson({ ...known, ...unknown }) as ReturnType<typeof storedFields>;
}

export function fromDocument(document: OperationDocument): Operation {
  const { uuid, type, state, data, response, error, more } = document;
  const failure = error === undefined ? {} : { error };
  const fields = fromBson({ data, response, ...failure });
  return { uuid, type, state, ...fields, ...(more && fromBson(more)) } as Operation;
}
