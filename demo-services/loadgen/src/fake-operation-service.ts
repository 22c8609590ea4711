import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface FakeOperation {
  readonly uuid: string;
  state: string;
  error?: string;
  data: FakeUser;
}

export interface FakeUser {
  readonly name: string;
  readonly uuid?: string;
  readonly approved?: string;
}

interface Behaviour {
  /** From the POST to the terminal state; Infinity: never. */
  sagaMs(name: string, index: number): number;
  /** The terminal state. */
  decide(name: string, index: number): 'completed' | 'failed';
  /** Of a failed operation. */
  error(): string;
  /** Of a terminal operation, as user-service leaves it. */
  user(name: string, state: 'completed' | 'failed', index: number): FakeUser;
  /** Awaited before a POST is answered. */
  beforeAnswer(index: number): Promise<unknown> | undefined;
  /** Of a POST: other than 202 nothing is stored. */
  status(index: number): number;
  /** Of a GET. */
  readStatus(): number;
}

const behaves: Behaviour = {
  sagaMs: () => 20,
  decide: (name) => (name === 'mallory' ? 'failed' : 'completed'),
  user: (name, state) => ({ name, uuid: randomUUID(), approved: `${state === 'completed'}` }),
  error: () => 'approval failed',
  beforeAnswer: () => undefined,
  status: () => 202,
  readStatus: () => 200,
};

export type FakeOperationService = Awaited<ReturnType<typeof startFakeOperationService>>;

/** For tests: answers POST, list and get as operation-service does, keeps operations, and misbehaves on demand. */
export async function startFakeOperationService(misbehaves: Partial<Behaviour> = {}) {
  const behaviour = { ...behaves, ...misbehaves };
  const operations: FakeOperation[] = [];
  const seen = { posts: 0, lists: 0, gets: 0, hosts: new Set<string | undefined>() };

  const create = async (request: IncomingMessage, response: ServerResponse) => {
    const index = seen.posts;
    seen.posts += 1;
    const { name } = JSON.parse(await bodyOf(request));
    await behaviour.beforeAnswer(index);
    const status = behaviour.status(index);
    if (status !== 202) return answer(response, status, { error: 'unavailable' });
    const operation: FakeOperation = { uuid: randomUUID(), state: 'pending', data: { name } };
    operations.push(operation);
    const state = behaviour.decide(name, index);
    const error = state === 'failed' && { error: behaviour.error() };
    const data = behaviour.user(name, state, index);
    endLater(operation, behaviour.sagaMs(name, index), { state, data, ...error });
    answer(response, 202, operation);
  };

  const list = (query: URLSearchParams, response: ServerResponse) => {
    seen.lists += 1;
    const limit = Number(query.get('limit'));
    const end = Number(query.get('cursor') ?? operations.length);
    const begin = Math.max(0, end - limit);
    const items = operations.slice(begin, end).reverse();
    answer(response, behaviour.readStatus(), { items, next: begin === 0 ? null : `${begin}` });
  };

  const get = (uuid: string, response: ServerResponse) => {
    seen.gets += 1;
    const operation = operations.find((candidate) => candidate.uuid === uuid);
    if (operation === undefined) answer(response, 404, { error: 'not_found' });
    else answer(response, behaviour.readStatus(), operation);
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://fake');
    seen.hosts.add(request.headers.host);
    if (pathname === '/operation/create/user-create') void create(request, response);
    else if (pathname === '/operation/list') list(searchParams, response);
    else get(pathname.replace('/operation/get/', ''), response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    operations,
    seen,
    /** As if it had never been. */
    forget(operation: FakeOperation) {
      operations.splice(operations.indexOf(operation), 1);
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function endLater(operation: FakeOperation, sagaMs: number, end: Partial<FakeOperation>): void {
  if (sagaMs === Number.POSITIVE_INFINITY) return;
  void sleep(sagaMs, undefined, { ref: false }).then(() => Object.assign(operation, end));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts = await request.setEncoding('utf8').toArray();
  return parts.join('');
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
