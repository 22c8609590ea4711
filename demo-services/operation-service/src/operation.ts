import {
  type Envelope,
  type JsonObject,
  PoisonError,
  parseEnvelope,
} from '@lagscaler/demo-shared/envelope.ts';
import { isOutcome, next, type OperationState, type Outcome } from './transitions.ts';

export const userCreate = 'user-create';

/** What a client sees of an operation, and what goes to Kafka: nothing of our own bookkeeping. */
export interface Operation extends Envelope {
  readonly state: OperationState;
  readonly response: JsonObject;
  /** Why it failed. */
  readonly error?: string;
}

/** The end of a SAGA, as the last message tells it. */
export interface Ending {
  readonly uuid: string;
  readonly outcome: Outcome;
  /** The fields of the operation to set, whole; all others stay. */
  readonly fields: JsonObject;
}

/**
 * The operation that a POST creates: pending, or failed at once when there is no such operation.
 * @param uuid version 4
 * @param data the body of the request
 */
export function newOperation(uuid: string, type: string, data: JsonObject): Operation {
  const response = { state: 'pending' };
  return type === userCreate
    ? { uuid, type, state: 'pending', data, response }
    : { uuid, type, state: 'failed', data, response, error: 'operation not allowed' };
}

/**
 * Reads a message of `user-create-response`.
 * @throws PoisonError when it does not say how the SAGA ended
 */
export function readEnding(value: Buffer | null): Ending {
  const { uuid, type: _type, state: _state, error: _error, ...fields } = parseEnvelope(value);
  const { response } = fields;
  const outcome = isObject(response) ? response['state'] : undefined;
  if (!isOutcome(outcome)) {
    throw new PoisonError('"response.state" is neither "completed" nor "failed"');
  }
  const error = outcome === 'failed' ? { error: errorText(response) } : {};
  return { uuid, outcome, fields: { ...fields, ...error } };
}

/** An operation whose message Kafka will never take. */
export function refusedByKafka(uuid: string): Ending {
  const error = 'the message was refused';
  return {
    uuid,
    outcome: 'failed',
    fields: { response: { state: 'failed', error }, error },
  };
}

/** @returns undefined when the ending changes nothing: the operation had ended before */
export function ended(operation: Operation, { outcome, fields }: Ending): Operation | undefined {
  const state = next(operation.state, outcome);
  return state && { ...operation, ...fields, state };
}

function errorText(response: unknown): string {
  const error = isObject(response) ? response['error'] : undefined;
  return typeof error === 'string' && error !== '' ? error : 'unknown error';
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
