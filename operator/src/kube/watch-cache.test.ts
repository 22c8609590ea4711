import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import type { Change } from './cache-entries.ts';
import { createCollection } from './collection.ts';
import type { KubeError } from './errors.ts';
import type { RawObject } from './resource.ts';
import {
  answer,
  clientFor,
  createFakeClock,
  eventually,
  refuse,
  type SeenRequest,
  startServer,
} from './testing.ts';
import type { WatchCacheOptions } from './watch-cache.ts';

interface Thing {
  readonly size: number;
}

const thing = (name: string, resourceVersion: number, size = 1) => ({
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: `${resourceVersion}` },
  spec: { size },
});

const list = (response: ServerResponse, version: number, ...items: unknown[]) =>
  answer(response, { metadata: { resourceVersion: `${version}` }, items });

const send = (response: ServerResponse, type: string, object: unknown) =>
  response.write(`${JSON.stringify({ type, object })}\n`);

type Step = (response: ServerResponse, request: SeenRequest) => void;

/** A collection whose lists and watches follow a script; the last entry of each repeats. */
async function scripted(
  script: { lists: Step[]; watches: Step[] },
  extra: Partial<WatchCacheOptions<Thing>> & { namespaces?: string[] } = {},
) {
  const lists: SeenRequest[] = [];
  const watches: SeenRequest[] = [];
  const server = await startServer((request, response) => {
    const isWatch = request.query.get('watch') === 'true';
    const [seen, steps] = isWatch ? [watches, script.watches] : [lists, script.lists];
    seen.push(request);
    steps[Math.min(seen.length, steps.length) - 1]?.(response, request);
  });
  const clock = createFakeClock();
  const changes: Change<Thing>[] = [];
  const restarts: (KubeError | undefined)[] = [];
  const cache = createCollection<Thing>({
    client: clientFor(server, { requestTimeoutMs: 1000 }),
    clock,
    resource: { apiVersion: 'example.com/v1', plural: 'things' },
    namespaces: [],
    trim: (raw) => ({ size: (raw as RawObject & { spec: Thing }).spec.size }),
    onChange: (change) => changes.push(change),
    onRestart: (_, error) => restarts.push(error),
    random: () => 1, // the longest wait
    ...extra,
  });
  onTestFinished(() => cache.close());
  cache.start();
  return { cache, changes, restarts, lists, watches, clock, server };
}

const open: Step = (response) => response.writeHead(200).flushHeaders();
const fail: Step = (response) => refuse(response, 500, 'InternalError');
const reset: Step = (response) => response.destroy();
const expired: Step = (response) => refuse(response, 410, 'Expired');
const empty: Step = (response) => list(response, 10);
const one: Step = (response) => list(response, 10, thing('a', 5));
const inStream =
  (code: number): Step =>
  (response) => {
    send(response, 'ERROR', { kind: 'Status', code, message: 'in the stream' });
    response.end();
  };

test('a list in pages becomes visible in one step, and only then is the cache ready', async () => {
  let second: ServerResponse | undefined;
  const { cache, lists, changes, watches } = await scripted(
    {
      lists: [
        (response) =>
          answer(response, {
            metadata: { resourceVersion: '7', continue: 'more' },
            items: [thing('a', 1), thing('b', 2)],
          }),
        (response) => {
          second = response;
        },
      ],
      watches: [open],
    },
    { pageSize: 2 },
  );
  await eventually(() => expect(lists).toHaveLength(2));
  expect([...cache.values()]).toEqual([]);
  expect(cache.hasSynced()).toBe(false);
  expect(cache.listAgeMs()).toBeUndefined();
  if (second) list(second, 7, thing('c', 3));
  await eventually(() => cache.hasSynced());
  expect([...cache.values()]).toHaveLength(3);
  expect(changes.map(({ key }) => key)).toEqual(['shop/a', 'shop/b', 'shop/c']);
  expect(lists.map(({ query }) => query.get('continue'))).toEqual([null, 'more']);
  expect(lists[0]?.query.get('limit')).toBe('2');
  await eventually(() => expect(watches).toHaveLength(1));
  expect(Object.fromEntries(watches[0]?.query ?? [])).toMatchObject({
    resourceVersion: '7',
    allowWatchBookmarks: 'true',
    timeoutSeconds: '600',
  });
});

test('events change the cache and say what was before', async () => {
  const { cache, changes } = await scripted({
    lists: [one],
    watches: [
      (response) => {
        send(response, 'MODIFIED', thing('a', 11, 2));
        send(response, 'ADDED', thing('b', 12));
        send(response, 'DELETED', thing('a', 13));
      },
    ],
  });
  await eventually(() => expect(changes).toHaveLength(4));
  expect(changes).toEqual([
    { key: 'shop/a', previous: undefined, current: { size: 1 } },
    { key: 'shop/a', previous: { size: 1 }, current: { size: 2 } },
    { key: 'shop/b', previous: undefined, current: { size: 1 } },
    { key: 'shop/a', previous: { size: 2 }, current: undefined },
  ]);
  expect(cache.get('shop/a')).toBeUndefined();
  expect(cache.get('shop/b')).toEqual({ size: 1 });
});

test.for([
  ['a first list that fails with 500 (traps C8)', fail],
  ['a first list whose connection is reset', reset],
  ['a first list that is refused with 410', expired],
] as const)('%s leaves the cache unready and is tried again', async ([, failing]) => {
  const { cache, restarts, clock } = await scripted({ lists: [failing, one], watches: [open] });
  await eventually(() => expect(restarts).toHaveLength(1));
  expect(cache.hasSynced()).toBe(false);
  await eventually(() => expect(clock.pending()).toBe(1));
  clock.advance(1000);
  await eventually(() => cache.hasSynced());
});

// traps C7, C9: what kills the library's informer only ends one watch here.
test.for([
  ['a 500', fail, 'Server'],
  ['a reset before the headers', reset, 'Unreachable'],
  ['a close in good order', (r: ServerResponse) => r.end(' '), undefined],
  ['a 429', (r: ServerResponse) => refuse(r, 429, 'TooManyRequests'), 'Throttled'],
  ['an ERROR event with 500 (traps C13)', inStream(500), 'Server'],
] as const)('after %s the watch resumes from the last version', async ([, ending, code]) => {
  const { changes, restarts, lists, watches, clock } = await scripted({
    lists: [one],
    watches: [
      (response) => {
        send(response, 'BOOKMARK', { metadata: { resourceVersion: '40' } });
        response.end();
      },
      ending,
      (response) => send(response, 'ADDED', thing('b', 50)),
    ],
  });
  await eventually(() => expect(restarts).toHaveLength(1));
  await eventually(() => expect(clock.pending()).toBe(1));
  clock.advance(1000);
  await eventually(() => expect(restarts).toHaveLength(2));
  await eventually(() => expect(clock.pending()).toBe(1));
  clock.advance(2000);
  await eventually(() => expect(changes.at(-1)?.key).toBe('shop/b'));
  expect(restarts.map((error) => error?.code)).toEqual([undefined, code]);
  expect(lists).toHaveLength(1);
  expect(watches.map(({ query }) => query.get('resourceVersion'))).toEqual(['10', '40', '40']);
});

test.for([
  ['a 410 as status', expired, 'Gone'],
  ['a 410 in the stream', inStream(410), 'Gone'],
  ['a 403 on the watch', (r: ServerResponse) => refuse(r, 403, 'Forbidden'), 'Forbidden'],
] as const)('after %s it lists again, and finds what it missed', async ([, ending, code]) => {
  const { changes, restarts, lists, clock } = await scripted({
    lists: [
      (response) => list(response, 10, thing('gone', 1), thing('same', 2), thing('new', 3)),
      (response) => list(response, 90, thing('same', 2), thing('new', 80, 8)),
    ],
    watches: [ending, open],
  });
  await eventually(() => expect(restarts[0]?.code).toBe(code));
  await eventually(() => expect(clock.pending()).toBe(1));
  clock.advance(1000);
  await eventually(() => expect(lists).toHaveLength(2));
  await eventually(() => expect(changes).toHaveLength(5)); // nothing for what is unchanged
  expect(changes.slice(3)).toEqual([
    { key: 'shop/gone', previous: { size: 1 }, current: undefined },
    { key: 'shop/new', previous: { size: 1 }, current: { size: 8 } },
  ]);
});

test('a persistent 410 backs off up to 30 s (traps C11)', async () => {
  const { restarts, clock } = await scripted({ lists: [one], watches: [expired] });
  const waits: number[] = [];
  for (let i = 1; i <= 7; i++) {
    await eventually(() => expect(restarts).toHaveLength(i));
    await eventually(() => expect(clock.pending()).toBe(1));
    let waited = 0;
    while (clock.pending() > 0) {
      clock.advance(1000);
      waited += 1;
    }
    waits.push(waited);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30]);
});

test('events do not reset the back-off, 30 s of life do (traps C11)', async () => {
  let current: ServerResponse | undefined;
  const { restarts, watches, clock, changes } = await scripted({
    lists: [empty],
    watches: [
      (response) => {
        send(response, 'ADDED', thing(`x${Math.random()}`, 20));
        current = response;
      },
    ],
  });
  for (let i = 1; i <= 4; i++) {
    await eventually(() => expect(changes).toHaveLength(i));
    current?.end();
    await eventually(() => expect(restarts).toHaveLength(i));
    await eventually(() => expect(clock.pending()).toBe(1));
    clock.advance(2 ** (i - 1) * 1000 - 1);
    expect(clock.pending()).toBe(1); // 1, 2, 4, 8 s although each watch brought an event
    clock.advance(1);
    await eventually(() => expect(watches).toHaveLength(i + 1));
  }
  await eventually(() => expect(changes).toHaveLength(5));
  clock.advance(30_000);
  current?.end();
  await eventually(() => expect(restarts).toHaveLength(5));
  await eventually(() => expect(clock.pending()).toBe(1));
  clock.advance(1000);
  await eventually(() => expect(watches).toHaveLength(6));
});

test('Retry-After is respected when it is longer than the back-off', async () => {
  const { restarts, watches, clock } = await scripted({
    lists: [one],
    watches: [(response) => response.writeHead(429, { 'retry-after': '20' }).end('{}'), open],
  });
  await eventually(() => expect(restarts).toHaveLength(1));
  await eventually(() => expect(clock.pending()).toBe(1));
  clock.advance(19_999);
  expect(clock.pending()).toBe(1);
  clock.advance(1);
  await eventually(() => expect(watches).toHaveLength(2));
});

test('a silent watch is opened anew after 90 s; a bookmark keeps it alive (traps C12)', async () => {
  let current: ServerResponse | undefined;
  const { restarts, watches, clock, changes } = await scripted({
    lists: [empty],
    watches: [
      (response) => {
        current = response;
        open(response, {} as SeenRequest);
      },
    ],
  });
  await eventually(() => expect(current).toBeDefined());
  clock.advance(60_000);
  if (current) send(current, 'BOOKMARK', { metadata: { resourceVersion: '30' } });
  if (current) send(current, 'ADDED', thing('seen', 31));
  await eventually(() => expect(changes).toHaveLength(1));
  clock.advance(60_000); // 120 s after it was opened
  if (current) send(current, 'ADDED', thing('alive', 32));
  await eventually(() => expect(changes).toHaveLength(2));
  expect(restarts).toEqual([]);
  clock.advance(90_000);
  await eventually(() => expect(restarts).toEqual([undefined]));
  await eventually(() => expect(clock.pending()).toBe(1));
  clock.advance(1000);
  await eventually(() => expect(watches).toHaveLength(2));
  expect(watches[1]?.query.get('resourceVersion')).toBe('32');
});

test('it lists again when the watch has lived its time', async () => {
  let current: ServerResponse | undefined;
  const { cache, lists, watches, clock, restarts } = await scripted(
    {
      lists: [one],
      watches: [
        (response) => {
          current = response;
          open(response, {} as SeenRequest);
        },
      ],
    },
    { silenceMs: 10_000_000, random: () => 0 },
  );
  await eventually(() => expect(watches).toHaveLength(1));
  expect(watches[0]?.query.get('timeoutSeconds')).toBe('300'); // 5 to 10 minutes
  clock.advance(300_000);
  expect(cache.listAgeMs()).toBe(300_000);
  current?.end();
  await eventually(() => expect(restarts).toHaveLength(1));
  clock.advance(1000);
  await eventually(() => expect(lists).toHaveLength(2));
  await eventually(() => expect(cache.listAgeMs()).toBe(0));
});

test('a handler that throws loses nothing (traps C10)', async () => {
  const errors: unknown[] = [];
  let calls = 0;
  const { cache } = await scripted(
    {
      lists: [one],
      watches: [
        (response) => {
          send(response, 'MODIFIED', thing('a', 11, 2));
          send(response, 'MODIFIED', thing('a', 12, 3));
        },
      ],
    },
    {
      onChange: () => {
        calls++;
        throw new Error('handler');
      },
      onHandlerError: (_, error) => errors.push(error),
    },
  );
  await eventually(() => expect(cache.get('shop/a')).toEqual({ size: 3 }));
  expect(calls).toBe(3);
  expect(errors).toHaveLength(3);
});

test('an object that cannot be trimmed does not hide the others', async () => {
  const { cache } = await scripted({
    lists: [
      (response) => list(response, 10, { metadata: thing('bad', 1).metadata }, thing('a', 2)),
    ],
    watches: [open],
  });
  await eventually(() => cache.hasSynced());
  expect([...cache.values()]).toEqual([{ size: 1 }]);
});

test.for([
  ['an event cut off by the end of the connection comes again', '{"type":"ADDED","obj', undefined],
  ['an event that is no JSON ends the watch', '<html>\n', 'Server'],
] as const)('%s', async ([, text, code]) => {
  const { changes, restarts, clock } = await scripted({
    lists: [empty],
    watches: [
      (response) => {
        response.write(text);
        response.end();
      },
      (response) => send(response, 'ADDED', thing('b', 50)),
    ],
  });
  await eventually(() => expect(restarts.map((error) => error?.code)).toEqual([code]));
  await eventually(() => expect(clock.pending()).toBe(1));
  clock.advance(1000);
  await eventually(() => expect(changes.map(({ key }) => key)).toEqual(['shop/b']));
});

test('close ends a watch, a list and a wait, and nothing starts again (traps C9)', async () => {
  for (const script of [
    { lists: [one], watches: [open] },
    { lists: [() => undefined], watches: [] },
    { lists: [fail], watches: [] },
  ]) {
    const { cache, server, restarts } = await scripted(script);
    await eventually(() => expect(server.requests.length).toBeGreaterThan(0));
    if (script.lists[0] === fail) await eventually(() => expect(restarts).toHaveLength(1));
    await cache.close();
    const count = server.requests.length;
    cache.start();
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.requests).toHaveLength(count);
  }
});

test('with namespaces there is one watch for each, and ready means all of them', async () => {
  let late: ServerResponse | undefined;
  const { cache, lists } = await scripted(
    {
      lists: [
        (response, { path }) => {
          if (path.includes('/bar/')) late = response;
          else list(response, 1, thing('a', 1));
        },
      ],
      watches: [open],
    },
    { namespaces: ['shop', 'bar'] },
  );
  await eventually(() => expect(cache.get('shop/a')).toBeDefined());
  await eventually(() => expect(late).toBeDefined());
  expect(cache.hasSynced()).toBe(false);
  expect(cache.listAgeMs()).toBeUndefined();
  if (late) list(late, 1);
  await eventually(() => cache.hasSynced());
  expect(lists.map(({ path }) => path).sort()).toEqual([
    '/apis/example.com/v1/namespaces/bar/things',
    '/apis/example.com/v1/namespaces/shop/things',
  ]);
});
