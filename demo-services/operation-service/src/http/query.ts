import type { ListQuery, Position } from '../store.ts';
import { type OperationState, operationStates } from '../transitions.ts';
import { RequestError } from './answers.ts';

/** As express parses it: a parameter given twice is a list. */
export type Query = Readonly<Record<string, unknown>>;

const maxWaitSeconds = 60;
const defaultLimit = 50;
const maxLimit = 500;

/** `wait`, in milliseconds; 0 when absent. @throws RequestError 400 */
export function waitMsOf(query: Query): number {
  const text = parameter(query, 'wait');
  if (text === undefined) return 0;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= maxWaitSeconds) return seconds * 1_000;
  throw invalid('wait', text, `a number of seconds from 0 to ${maxWaitSeconds}`);
}

/** `state`, `limit` and `cursor`; empty ones are absent. @throws RequestError 400 */
export function listQueryOf(query: Query): ListQuery {
  return { state: stateOf(query), limit: limitOf(query), after: positionOf(query) };
}

function stateOf(query: Query): OperationState | undefined {
  const text = parameter(query, 'state');
  const state = operationStates.find((known) => known === text);
  if (text === undefined || state !== undefined) return state;
  throw invalid('state', text, `one of ${operationStates.join(', ')}`);
}

function limitOf(query: Query): number {
  const text = parameter(query, 'limit');
  if (text === undefined) return defaultLimit;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= maxLimit) return limit;
  throw invalid('limit', text, `a whole number from 1 to ${maxLimit}`);
}

const position = /^(\d{1,15})-([0-9a-f]{24})$/;

/** Opaque to clients. */
export function cursorOf({ createdAt, id }: Position): string {
  return Buffer.from(`${createdAt.getTime()}-${id}`).toString('base64url');
}

function positionOf(query: Query): Position | undefined {
  const text = parameter(query, 'cursor');
  if (text === undefined) return undefined;
  const [, ms, id] = position.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  if (ms !== undefined && id !== undefined) return { createdAt: new Date(Number(ms)), id };
  throw invalid('cursor', text, 'the "next" of an earlier answer, unchanged');
}

function parameter(query: Query, name: string): string | undefined {
  const value = query[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw new RequestError(400, 'invalid_query', `${name} must be given once`);
}

function invalid(name: string, text: string, wanted: string): RequestError {
  return new RequestError(
    400,
    'invalid_query',
    `${name} is ${JSON.stringify(text.slice(0, 100))}: it must be ${wanted}`,
  );
}
