import type { HttpAnswer, HttpClient } from './http-client.ts';
import { type OperationUser, readUser } from './operation-user.ts';

/** What operation-service tells of an operation, as far as it matters here. */
export interface OperationState {
  readonly uuid: string;
  readonly state: string;
  /** Of a failed operation. */
  readonly error: string | undefined;
  readonly user: OperationUser;
}

export interface OperationsPage {
  readonly items: readonly OperationState[];
  /** Undefined on the last page. */
  readonly next: string | undefined;
}

/** Every call throws an Error with a `code` when there is no usable answer. */
export interface OperationsApi {
  /** Newest first. @param limit 1 to 500 */
  list(limit: number, cursor: string | undefined): Promise<OperationsPage>;
  /** Undefined when the service does not know it. */
  get(uuid: string): Promise<OperationState | undefined>;
}

class AnswerError extends Error {
  readonly code: string;

  constructor(code: string, options?: ErrorOptions) {
    super(`operation-service answered otherwise than agreed: ${code}`, options);
    this.name = 'AnswerError';
    this.code = code;
  }
}

export function createOperationsApi(client: Pick<HttpClient, 'get'>): OperationsApi {
  return {
    async list(limit, cursor) {
      const after = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      return readPage(await client.get(`/operation/list?limit=${limit}${after}`));
    },
    async get(uuid) {
      const answer = await client.get(`/operation/get/${encodeURIComponent(uuid)}`);
      return answer.status === 404 ? undefined : readOperation(readJson(answer));
    },
  };
}

function readPage(answer: HttpAnswer): OperationsPage {
  const page = readJson(answer);
  if (!isObject(page) || !Array.isArray(page['items'])) throw new AnswerError('invalid_answer');
  const { next } = page;
  return {
    items: page['items'].map(readOperation),
    next: typeof next === 'string' && next !== '' ? next : undefined,
  };
}

function readOperation(value: unknown): OperationState {
  if (!isObject(value)) throw new AnswerError('invalid_answer');
  const { uuid, state, error, data } = value;
  if (typeof uuid !== 'string' || typeof state !== 'string')
    throw new AnswerError('invalid_answer');
  return {
    uuid,
    state,
    error: typeof error === 'string' ? error : undefined,
    user: readUser(data),
  };
}

function readJson({ status, body }: HttpAnswer): unknown {
  if (status !== 200) throw new AnswerError(`status ${status}`);
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new AnswerError('invalid_answer', { cause });
  }
}

interface Fields {
  readonly [name: string]: unknown;
  readonly uuid?: unknown;
  readonly state?: unknown;
  readonly error?: unknown;
  readonly data?: unknown;
  readonly next?: unknown;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
