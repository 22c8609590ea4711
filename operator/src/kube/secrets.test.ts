import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import type { KeyRef } from '../controller/ports.ts';
import { createSecretReader } from './secrets.ts';
import {
  answer,
  clientFor,
  createFakeClock,
  eventually,
  forever,
  refuse,
  type SeenRequest,
  startServer,
} from './testing.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const ref = (key = 'password', change: Partial<KeyRef> = {}): KeyRef => ({
  kind: 'Secret',
  namespace: 'shop',
  name: 'kafka',
  key,
  ...change,
});

type Data = Readonly<Record<string, string>>;

/** An API server with one object, whose GETs and watches can be made to fail. */
async function setup(first: Data = { password: 'one', user: 'grün' }) {
  let version = 10;
  let data: Data | undefined = first;
  const watching = new Set<ServerResponse>();
  const broken = { get: 0, watch: 0 };
  const object = () => ({
    metadata: { name: 'kafka', namespace: 'shop', uid: 'u', resourceVersion: `${version}` },
    data: Object.fromEntries(Object.entries(data ?? {}).map(([k, v]) => [k, base64(v)])),
  });
  const send = (type: string) => {
    const line = `${JSON.stringify({ type, object: object() })}\n`;
    for (const response of watching) response.write(line);
  };
  const respond = ({ query }: SeenRequest, response: ServerResponse) => {
    if (query.get('watch') === 'true') {
      if (broken.watch) return refuse(response, broken.watch, 'Reason');
      watching.add(response);
      response.on('close', () => watching.delete(response));
      response.writeHead(200).flushHeaders();
      return;
    }
    if (broken.get) return refuse(response, broken.get, 'Reason');
    if (!data) return refuse(response, 404, 'NotFound');
    answer(response, object());
  };
  const server = await startServer(respond);
  const clock = createFakeClock();
  const restarts: string[] = [];
  const secrets = createSecretReader({
    client: clientFor(server),
    clock,
    onRestart: (resource, error) => restarts.push(`${resource} ${error?.code ?? 'ended'}`),
  });
  onTestFinished(() => secrets.close());
  const read = async (owner = 'shop/a', ...refs: KeyRef[]) =>
    (await secrets.read(owner, refs.length > 0 ? refs : [ref()], forever)).join();
  return {
    server,
    clock,
    secrets,
    broken,
    restarts,
    read,
    code: (...refs: KeyRef[]) => read('shop/a', ...refs).catch((error) => error.code as string),
    watching: () => watching.size,
    untilWatched: (count = 1) => eventually(() => watching.size === count),
    put(next: Data | undefined, silently = false) {
      const type = next ? (data ? 'MODIFIED' : 'ADDED') : 'DELETED';
      version += 1;
      data = next;
      if (!silently) send(type);
    },
    endWatches() {
      for (const response of watching) response.end();
    },
  };
}

test('however many use a Secret: one GET and one watch, by name', async () => {
  const { server, read, untilWatched } = await setup();
  const refs = [ref(), ref('user')];
  expect(await Promise.all([read('shop/a', ...refs), read('shop/b', ...refs)])).toEqual([
    'one,grün',
    'one,grün',
  ]);
  await untilWatched();
  for (let poll = 0; poll < 100; poll++) await read('shop/a', ...refs);
  expect(server.requests.map(({ path, query }) => [path, query.get('fieldSelector')])).toEqual([
    ['/api/v1/namespaces/shop/secrets/kafka', null],
    ['/api/v1/namespaces/shop/secrets', 'metadata.name=kafka'],
  ]);
});

test('a change is known without another request', async () => {
  const { server, read, put, untilWatched } = await setup();
  await read();
  await untilWatched();
  put({ password: 'two', user: 'b' });
  await eventually(async () => (await read('shop/a', ref(), ref('user'))) === 'two,b');
  expect(server.requests).toHaveLength(2);
});

test('a Secret that is made later is known at once, a deleted one is gone at once', async () => {
  const { code, read, put, untilWatched } = await setup();
  put(undefined, true);
  expect(await code()).toBe('NotFound');
  await untilWatched();
  put({ password: 'new' });
  await eventually(async () => (await read()) === 'new');
  put(undefined);
  await eventually(async () => (await code()) === 'NotFound');
});

test('a watch ends with its last user, and only then', async () => {
  const { secrets, read, watching, untilWatched } = await setup();
  const other = ref('password', { name: 'other' });
  await Promise.all([read('shop/a'), read('shop/b')]);
  await untilWatched();
  secrets.release('shop/b');
  await read('shop/a');
  expect(watching()).toBe(1);
  await read('shop/a', other); // the spec names another Secret now
  await untilWatched();
  secrets.release('shop/a');
  secrets.release('shop/never-read');
  await eventually(() => watching() === 0);
});

test('a watch that ends is followed by a GET, which finds what was missed', async () => {
  const { read, put, endWatches, clock, untilWatched, restarts } = await setup();
  await read();
  await untilWatched();
  put({ password: 'two' }, true);
  endWatches();
  await eventually(() => restarts.length === 1);
  expect(await read()).toBe('one');
  clock.advance(1000);
  await eventually(async () => (await read()) === 'two');
  expect(restarts).toEqual(['secrets ended']);
});

test('without the permission to watch it is asked for every 30 s', async () => {
  const { server, broken, read, put, clock, restarts } = await setup();
  broken.watch = 403;
  await read();
  await eventually(() => restarts.length === 1);
  put({ password: 'two' }, true);
  clock.advance(29_999);
  expect(await read()).toBe('one');
  clock.advance(1);
  await eventually(async () => (await read()) === 'two');
  expect(restarts).toContain('secrets Forbidden');
  expect(server.requests.filter((r) => r.query.get('watch') !== 'true')).toHaveLength(2);
});

test.for([
  [403, 'Forbidden'],
  [500, 'Unavailable'],
] as const)('%i is %s, and tried again with a back-off', async ([status, expected]) => {
  const { server, broken, code, read, clock } = await setup();
  broken.get = status;
  expect(await code()).toBe(expected);
  for (let poll = 0; poll < 10; poll++) await code();
  expect(server.requests).toHaveLength(1);
  broken.get = 0;
  clock.advance(30_000);
  await eventually(async () => (await read().catch(() => '')) === 'one');
});

test('an API server that is away leaves the old value for 10 minutes', async () => {
  const { broken, code, read, endWatches, clock, restarts, untilWatched } = await setup();
  await read();
  await untilWatched();
  broken.get = 500;
  broken.watch = 500;
  endWatches();
  for (let minute = 1; minute <= 9; minute++) {
    const seen = restarts.length;
    clock.advance(60_000);
    await eventually(() => restarts.length > seen);
    expect(await read()).toBe('one');
  }
  clock.advance(60_000);
  await eventually(async () => (await code()) === 'Unavailable');
});

test('a permission that is taken away counts at once', async () => {
  const { broken, code, endWatches, clock, restarts, read, untilWatched } = await setup();
  await read();
  await untilWatched();
  broken.get = 403;
  endWatches();
  await eventually(() => restarts.length === 1);
  clock.advance(1000);
  await eventually(async () => (await code()) === 'Forbidden');
});

test('a key that is missing says which, and no value', async () => {
  const { secrets } = await setup({ password: 'hunter2' });
  const error = await secrets.read('shop/a', [ref('pasword')], forever).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 'KeyNotFound', message: expect.stringContaining('pasword') });
  expect(JSON.stringify([error, String(error)])).not.toMatch(/hunter2|aHVudGVyMg/);
});

test('a ConfigMap is read as text, or from its binary data', async () => {
  const server = await startServer(({ query }, response) => {
    if (query.get('watch') === 'true') return response.writeHead(200).flushHeaders();
    const metadata = { name: 'ca', namespace: 'shop', resourceVersion: '1' };
    answer(response, { metadata, data: { a: 'plain' }, binaryData: { b: base64('binary') } });
  });
  const secrets = createSecretReader({ client: clientFor(server), clock: createFakeClock() });
  onTestFinished(() => secrets.close());
  const of = (key: string) => ref(key, { kind: 'ConfigMap', name: 'ca' });
  expect(await secrets.read('shop/a', [of('a'), of('b')], forever)).toEqual(['plain', 'binary']);
  expect(server.requests[0]?.path).toBe('/api/v1/namespaces/shop/configmaps/ca');
  await expect(secrets.read('shop/a', [of('c')], forever)).rejects.toMatchObject({
    message: 'ConfigMap shop/ca has no key c: add it or correct the key in spec.kafka',
  });
});

test('who gives up does not take the answer from the others', async () => {
  const server = await startServer(() => undefined);
  const secrets = createSecretReader({ client: clientFor(server), clock: createFakeClock() });
  onTestFinished(() => secrets.close());
  const stop = new AbortController();
  const impatient = secrets.read('shop/a', [ref()], stop.signal);
  const patient = secrets.read('shop/b', [ref()], forever);
  await eventually(() => server.requests.length === 1);
  stop.abort(new Error('enough'));
  await expect(impatient).rejects.toThrow('enough');
  server.handle((_, response) => answer(response, {}));
  await secrets.close();
  await expect(patient).rejects.toMatchObject({ code: 'NotFound' });
});
