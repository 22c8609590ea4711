import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { newOperation, readEnding } from '../operation.ts';
import { startTestApp } from './test-app.ts';

const app = await startTestApp();
const { store, produced } = app;
const post = '/operation/create/user-create';
const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
const unknown = '6d232092-dceb-419f-bff1-2d686eace56c';

afterAll(() => app.close());

beforeEach(async () => {
  store.down = false;
  store.rows.clear();
  produced.length = 0;
  Object.assign(app.probes, { live: undefined, ready: undefined });
});

interface Call {
  readonly method?: string;
  readonly type?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

async function call(path: string, { method = 'GET', type, body, headers }: Call = {}) {
  const response = await fetch(app.url + path, {
    method,
    headers: { ...headers, ...(type && { 'content-type': type }) },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

const json = (body: unknown): Call => ({
  method: 'POST',
  type: 'application/json',
  body: JSON.stringify(body),
});
const raw = (body: Call['body'] & {}, type = 'application/json'): Call => ({
  method: 'POST',
  type,
  body,
});
const message = expect.any(String);
const invalid = (error: string) => ({ error, message });

describe('D6: every answer has its status, is JSON, and says what the contract says', () => {
  test.for<[string, string, Call, number, unknown]>([
    [
      'a user is created',
      post,
      json({ name: 'hans' }),
      202,
      {
        uuid,
        type: 'user-create',
        state: 'pending',
        data: { name: 'hans' },
        response: { state: 'pending' },
      },
    ],
    [
      'an operation that does not exist',
      '/operation/create/user-delete',
      json({ name: 'hans' }),
      400,
      {
        uuid,
        type: 'user-delete',
        state: 'failed',
        data: { name: 'hans' },
        response: { state: 'pending' },
        error: 'operation not allowed',
      },
    ],
    ['an unknown uuid', `/operation/get/${unknown}`, {}, 404, { error: 'not_found' }],
    ['a uuid that is none', '/operation/get/7', {}, 404, { error: 'not_found' }],
    ['a path that cannot be decoded', '/operation/get/%zz', {}, 404, { error: 'not_found' }],
    ['malformed JSON', post, raw('{"name":'), 400, invalid('invalid_json')],
    [
      'JSON that is not UTF-8',
      post,
      raw(Uint8Array.of(0x22, 0xff, 0x22)),
      400,
      invalid('invalid_json'),
    ],
    ['an empty body', post, raw(''), 400, invalid('invalid_json')],
    [
      'another Content-Type',
      post,
      raw('{"name":"a"}', 'text/plain'),
      400,
      invalid('invalid_content_type'),
    ],
    [
      'another charset',
      post,
      raw('{"name":"a"}', 'application/json; charset=utf-16'),
      400,
      invalid('invalid_content_type'),
    ],
    [
      'no Content-Type',
      post,
      { method: 'POST', body: new TextEncoder().encode('{"name":"a"}') },
      400,
      invalid('invalid_content_type'),
    ],
    ['a body that is a list', post, json([{ name: 'a' }]), 400, invalid('invalid_body')],
    ['a body that is a string', post, json('a'), 400, invalid('invalid_body')],
    ['a body that is null', post, json(null), 400, invalid('invalid_body')],
    ['no name', post, json({ email: 'a@b' }), 400, invalid('invalid_body')],
    ['an empty name', post, json({ name: '' }), 400, invalid('invalid_body')],
    ['a name that is a number', post, json({ name: 7 }), 400, invalid('invalid_body')],
    ['a name that is an exact number', post, raw('{"name":1.0}'), 400, invalid('invalid_body')],
    [
      'a body nested too deep',
      post,
      raw(`{"name":"a","b":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
      400,
      invalid('invalid_body'),
    ],
    ['a body too large', post, json({ name: 'a'.repeat(200_000) }), 413, invalid('body_too_large')],
    ['another method on a known path', post, {}, 405, invalid('method_not_allowed')],
    [
      'another method for reading',
      `/operation/get/${unknown}`,
      { method: 'DELETE' },
      405,
      invalid('method_not_allowed'),
    ],
    ['an unknown path', '/operation', {}, 404, { error: 'not_found' }],
    ['an empty list', '/operation/list', {}, 200, { items: [], next: null }],
    [
      'empty parameters',
      '/operation/list?state=&limit=&cursor=',
      {},
      200,
      { items: [], next: null },
    ],
    ['a state that is none', '/operation/list?state=done', {}, 400, invalid('invalid_query')],
    ['a limit of 0', '/operation/list?limit=0', {}, 400, invalid('invalid_query')],
    ['a limit of 501', '/operation/list?limit=501', {}, 400, invalid('invalid_query')],
    ['a limit that is no number', '/operation/list?limit=1e1', {}, 400, invalid('invalid_query')],
    ['a limit given twice', '/operation/list?limit=1&limit=2', {}, 400, invalid('invalid_query')],
    ['a cursor that is none', '/operation/list?cursor=abc', {}, 400, invalid('invalid_query')],
    ['a wait of 61 s', `/operation/get/${unknown}?wait=61`, {}, 400, invalid('invalid_query')],
    [
      'a wait that is no number',
      `/operation/get/${unknown}?wait=x`,
      {},
      400,
      invalid('invalid_query'),
    ],
    ['a negative wait', `/operation/get/${unknown}?wait=-1`, {}, 400, invalid('invalid_query')],
    ['alive', '/healthz', {}, 200, { status: 'ok' }],
    ['ready', '/readyz', {}, 200, { status: 'ok' }],
  ])('%s', async ([, path, request, status, body]) => {
    const answer = await call(path, request);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(JSON.parse(answer.text)).toEqual(body);
    expect(answer.headers.get('x-powered-by')).toBeNull();
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    const kept = status === 202 || path.endsWith('user-delete') ? 1 : 0;
    expect(store.rows.size).toBe(kept);
    await vi.waitUntil(() => produced.length === (status === 202 ? 1 : 0));
  });

  test('Location leads to what was created', async () => {
    const created = await call(post, json({ name: 'hans' }));
    const location = created.headers.get('location') ?? '';
    expect(location).toBe(`/operation/get/${JSON.parse(created.text).uuid}`);
    const read = await call(location);
    expect([read.status, read.text]).toEqual([200, created.text]);
  });

  test.for([
    ['POST', post, json({ name: 'hans' })],
    ['GET', `/operation/get/${unknown}`, {}],
    ['list', '/operation/list', {}],
  ] as const)('the store is down: %s', async ([, path, request]) => {
    store.down = true;
    const answer = await call(path, request);
    expect([answer.status, answer.text]).toEqual([503, '{"error":"unavailable"}']);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(produced).toEqual([]);
  });

  test('other methods are told which ones there are', async () => {
    expect((await call(post)).headers.get('allow')).toBe('POST, OPTIONS');
    const list = await call('/operation/list', { method: 'PUT' });
    expect(list.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });

  test('what is no HTTP is answered in JSON too', async () => {
    const socket = connect(app.port, '127.0.0.1');
    socket.end('nonsense\r\n\r\n');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 400 .*application\/json.*invalid_request/s);
  });

  test('the probes say why not', async () => {
    Object.assign(app.probes, { live: 'stalled', ready: 'waiting for MongoDB' });
    expect((await call('/healthz')).text).toContain('stalled');
    const ready = await call('/readyz');
    expect([ready.status, ready.text]).toEqual([
      503,
      '{"status":"unavailable","reason":"waiting for MongoDB"}',
    ]);
  });
});

test('the store did what it was given up for: the client was told no, and so it stays', async () => {
  store.loseNextAnswer = true;
  expect((await call(post, json({ name: 'hans' }))).status).toBe(503);
  await vi.waitUntil(() => store.rows.size === 0);
  expect(produced).toEqual([]);
});

test('a preflight from any origin', async () => {
  const answer = await call(post, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://elsewhere.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-own',
    },
  });
  expect(answer.status).toBe(204);
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect(answer.headers.get('access-control-allow-methods')).toContain('POST');
  expect(answer.headers.get('access-control-allow-headers')).toBe('content-type,x-own');
});

test('every field survives, whatever its name and its number', async () => {
  const body =
    '{"name":"hans","tags":["a",{"b":1}],"$x":1,"a.b":2,"_id":3,"__proto__":{"z":1},"big":12345678901234567890,"f":1.0}';
  const created = await call(post, raw(body));
  expect(created.text).toContain(`"data":${body},`);
  await vi.waitUntil(() => produced.length === 1);
  expect(produced[0]?.value).toBe(created.text);
  expect(String(produced[0]?.key)).toBe(JSON.parse(created.text).uuid);
});

test('the trace goes on with the message', async () => {
  const trace = '0af7651916cd43dd8448eb211c80319c';
  await call(post, {
    ...json({ name: 'hans' }),
    headers: { traceparent: `00-${trace}-b7ad6b7169203331-01`, tracestate: 'a=b' },
  });
  await vi.waitUntil(() => produced.length === 1);
  expect(produced[0]?.headers).toEqual({
    traceparent: expect.stringMatching(
      new RegExp(`^00-${trace}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`),
    ),
    tracestate: 'a=b',
    'content-type': 'application/json',
  });
});

describe('the list', () => {
  async function pages(query: string) {
    const seen: string[][] = [];
    for (let next: string | null = ''; next !== null; ) {
      const { text } = await call(`/operation/list?${query}&cursor=${next}`);
      const page: { items: { uuid: string }[]; next: string | null } = JSON.parse(text);
      seen.push(page.items.map((item) => item.uuid));
      next = page.next;
    }
    return seen;
  }

  test('the newest first, in pages, stable under equal times, whatever comes meanwhile', async () => {
    for (let i = 0; i < 5; i += 1) {
      store.now += i === 3 ? 1 : 0; // 0 to 2 at one time, 3 and 4 at another
      await store.insert(newOperation(`op-${i}`, 'user-create', {}), undefined, 0);
    }
    const all = ['op-4', 'op-3', 'op-2', 'op-1', 'op-0'];
    expect((await pages('limit=2')).flat()).toEqual(all);
    expect((await pages('limit=5')).length).toBe(1);
    const { text } = await call('/operation/list?limit=3');
    store.now += 1;
    await store.insert(newOperation('later', 'user-create', {}), undefined, 0);
    const rest = JSON.parse((await call(`/operation/list?cursor=${JSON.parse(text).next}`)).text);
    expect(rest.items.map((item: { uuid: string }) => item.uuid)).toEqual(['op-1', 'op-0']);
  });

  test('of one state', async () => {
    await store.insert(newOperation('a', 'user-create', {}), undefined, 0);
    await store.insert(newOperation('b', 'other', {}), undefined, 0);
    expect(await pages('state=failed')).toEqual([['b']]);
    expect(await pages('state=pending&limit=1')).toEqual([['a']]);
  });
});

describe('the long poll', () => {
  const ending = (of: string) =>
    readEnding(
      Buffer.from(
        JSON.stringify({
          uuid: of,
          type: 'user-create',
          state: 'pending',
          data: { name: 'hans', approved: 'true' },
          response: { state: 'completed' },
        }),
      ),
    );
  const create = async () => JSON.parse((await call(post, json({ name: 'hans' }))).text).uuid;

  test('answers when the operation ends', async () => {
    const of = await create();
    const waited = call(`/operation/get/${of}?wait=60`);
    const looks = store.calls.get('terminal') ?? 0;
    await vi.waitUntil(() => (store.calls.get('terminal') ?? 0) > looks);
    await store.finish(ending(of));
    expect(JSON.parse((await waited).text)).toMatchObject({ state: 'completed' });
  });

  test('answers as it is when the time is over', async () => {
    const { status, text } = await call(`/operation/get/${await create()}?wait=0.1`);
    expect([status, JSON.parse(text).state]).toEqual([200, 'pending']);
  });

  test('answers at once when the operation has ended', async () => {
    const of = await create();
    await store.finish(ending(of));
    const from = performance.now();
    await call(`/operation/get/${of}?wait=60`);
    expect(performance.now() - from).toBeLessThan(5_000);
  });

  test('a client that goes away waits no longer', async () => {
    const of = await create();
    const client = new AbortController();
    const looks = store.calls.get('terminal') ?? 0;
    const waited = fetch(`${app.url}/operation/get/${of}?wait=60`, { signal: client.signal });
    await vi.waitUntil(() => (store.calls.get('terminal') ?? 0) > looks);
    client.abort();
    await expect(waited).rejects.toThrow();
    await vi.waitUntil(async () => (await call('/metrics')).text.includes('status="499"'));
    const after = store.calls.get('terminal') ?? 0;
    await call(`/operation/get/${of}?wait=0.05`);
    expect((store.calls.get('terminal') ?? 0) - after).toBeLessThan(20);
  });
});

test('requests are counted by the pattern of their route', async () => {
  await call('/operation/get/some-id');
  await call('/operation/get/two');
  await call('/no/such/path');
  const { text, headers } = await call('/metrics');
  expect(headers.get('content-type')).toContain('text/plain');
  expect(text).toMatch(
    /demo_http_requests_total\{method="GET",route="\/operation\/get\/:uuid",status="404"\} \d+/,
  );
  expect(text).toMatch(/demo_http_requests_total\{method="GET",route="none",status="404"\} \d+/);
  expect(text).not.toContain('some-id');
  // The store of this test has no census: unknown is not zero.
  expect(text).not.toMatch(/^demo_(operations|outbox_messages)/m);
});

test('a stop answers who waits, finishes what is in hand, and takes nothing new', async () => {
  const stopped = await startTestApp();
  const created = await fetch(stopped.url + post, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"name":"hans"}',
  });
  const location = created.headers.get('location');
  const waited = fetch(`${stopped.url}${location}?wait=60`);
  await vi.waitUntil(() => (stopped.store.calls.get('terminal') ?? 0) > 0);
  await stopped.close();
  expect(await (await waited).json()).toMatchObject({ state: 'pending' });
  await expect(fetch(stopped.url)).rejects.toThrow();
});
