import {
  type Envelope,
  type JsonObject,
  PoisonError,
  parseEnvelope,
  requireText,
  serializeEnvelope,
} from '@lagscaler/demo-shared/envelope.ts';
import type { IHeaders, Message } from 'kafkajs';
import type { DecidedUser, NewUser, Unsent, User } from './store.ts';
import type { Create, Decide, Outcome } from './transitions.ts';

/** What the coordinator adds to a message: the clock, and names for new things. */
export interface Circumstances {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly claim: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @throws PoisonError when the message is no user to create */
export function readUserCreate(value: Buffer | null): Envelope {
  const envelope = parseEnvelope(value);
  requireText(envelope.data, 'name', 'data.name');
  return envelope;
}

/** The answer of user-approval-service. */
export interface Approval {
  readonly envelope: Envelope;
  readonly userUuid: string;
  readonly event: 'approved' | 'rejected';
}

/** @throws PoisonError when the message is no decision about a user */
export function readApproval(value: Buffer | null): Approval {
  const envelope = parseEnvelope(value);
  const { data } = envelope;
  return {
    envelope,
    userUuid: requireText(data, 'uuid', 'data.uuid'),
    event: readEvent(data['approved']),
  };
}

function readEvent(approved: unknown): Approval['event'] {
  if (approved === 'true') return 'approved';
  if (approved === 'false') return 'rejected';
  throw new PoisonError('"data.approved" is neither "true" nor "false", as text');
}

/** A user for this operation. What the client called `createdAt`, `uuid` or `approved` is replaced. */
export function newUser(
  envelope: Envelope,
  uuid: string,
  move: Create,
  at: Circumstances,
): NewUser {
  const createdAt = new Date(at.now).toISOString();
  const data: JsonObject = { ...envelope.data, createdAt, uuid, approved: move.to };
  return {
    operationUuid: envelope.uuid,
    uuid,
    approved: move.to,
    envelope: serializeEnvelope({ ...envelope, data }),
    headers: at.headers,
    unsent: unsent(move.emit, at),
    data,
    startedAt: at.now,
  };
}

/** @param envelope of the answer, or of the question when no answer came in time */
export function decidedUser(
  envelope: Envelope,
  uuid: string,
  move: Decide,
  at: Circumstances,
): DecidedUser {
  const data = { ...envelope.data, uuid, approved: move.to };
  const response = withOutcome(envelope['response'], move.outcome);
  return {
    operationUuid: envelope.uuid,
    uuid,
    approved: move.to,
    envelope: serializeEnvelope({ ...envelope, data, response }),
    headers: at.headers,
    unsent: unsent(move.emit, at),
  };
}

/** Other fields of the response stay; an error of somebody else would contradict a success. */
function withOutcome(response: unknown, outcome: Outcome): JsonObject {
  const isObject = typeof response === 'object' && response !== null && !Array.isArray(response);
  const { error: _, ...others } = isObject ? (response as JsonObject) : {};
  return { ...others, ...outcome };
}

function unsent(topic: Unsent['topic'], { now, claim }: Circumstances): Unsent {
  return { topic, since: now, claim };
}

/** The message that a user is waiting to have sent, under the key of its operation. */
export function messageOf({ operationUuid, envelope, headers }: User): Message {
  return { key: operationUuid, value: envelope, headers: { ...headers } };
}

/** Headers as text, so that they can be kept until the message is acknowledged. */
export function textHeaders(headers: IHeaders): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' || Buffer.isBuffer(value) ? [[name, value.toString()] as const] : [],
  );
  return Object.fromEntries(entries);
}
