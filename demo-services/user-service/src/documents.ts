import type { JsonObject } from '@lagscaler/demo-shared/envelope.ts';
import { toBson } from '@lagscaler/demo-shared/mongo.ts';
import type { Document, UpdateFilter } from 'mongodb';
import type { DecidedUser, NewUser, Unsent, User } from './store.ts';

/** A user as stored: `data` of the envelope, flat, beside what the coordinator needs. */
export interface UserDocument extends Document {
  uuid: string;
  approved: User['approved'];
  createdAt: string;
  operationUuid: string;
  saga: SagaDocument;
}

interface SagaDocument {
  /** JSON text: a name such as `$a.b` or `_id`, or a number such as 1e400, is not for a database. */
  envelope: string;
  headers: Record<string, string>;
  /** Only while pending, so that a sparse index on it holds nobody else. */
  pendingSince?: Date;
  unsent?: UnsentDocument;
}

interface UnsentDocument {
  topic: Unsent['topic'];
  since: Date;
  claim: string;
}

/** These are ours: a client's field of that name is kept in the envelope only. */
const reserved: ReadonlySet<string> = new Set(['_id', 'operationUuid', 'saga']);

export function toDocument(user: NewUser): UserDocument {
  const { uuid, approved, operationUuid, envelope, headers } = user;
  return {
    ...toBson(withoutReserved(user.data)),
    createdAt: new Date(user.startedAt).toISOString(),
    uuid,
    approved,
    operationUuid,
    saga: {
      envelope,
      headers: { ...headers },
      pendingSince: new Date(user.startedAt),
      unsent: unsentDocument(user.unsent),
    },
  };
}

function withoutReserved(data: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !reserved.has(name)));
}

/** What a decision changes; all else stays. */
export function decisionUpdate({ approved, envelope, headers, unsent }: DecidedUser) {
  return {
    $set: {
      approved,
      'saga.envelope': envelope,
      'saga.headers': { ...headers },
      'saga.unsent': unsentDocument(unsent),
    },
    $unset: { 'saga.pendingSince': '' },
  } satisfies UpdateFilter<UserDocument>;
}

export function unsentDocument({ topic, since, claim }: Unsent): UnsentDocument {
  return { topic, since: new Date(since), claim };
}

/** What `fromDocument` needs; the flat fields stay where they are. */
export const projection = { _id: 0, uuid: 1, approved: 1, operationUuid: 1, saga: 1 } as const;

export function fromDocument({ uuid, approved, operationUuid, saga }: UserDocument): User {
  const { envelope, headers, unsent } = saga;
  return {
    operationUuid,
    uuid,
    approved,
    envelope,
    headers,
    unsent: unsent && { ...unsent, since: unsent.since.getTime() },
  };
}
