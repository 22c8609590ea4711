import type { ServerResponse } from 'node:http';
import { afterEach, expect, test, vi } from 'vitest';
import { fakeApi } from './fake-api.ts';
import { aPod } from './fixtures.ts';
import type { Pod } from './types.ts';
import { watchObjects } from './watch.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
  vi.restoreAllMocks();
});

const event = (type: string, name: string, resourceVersion: string) =>
  `${JSON.stringify({ type, object: aPod({}, { name, resourceVersion }) })}\n`;

/** Serves a list each time, and the n-th watch by the n-th script; watches after these stay open. */
async function startWatching(scripts: ((response: ServerResponse) => void)[]) {
  const seen: string[] = [];
  const watched: string[] = [];
  let lists = 0;
  const { api, close } = await fakeApi((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    if (query.get('watch')) {
      watched.push(query.get('resourceVersion') ?? '');
      response.flushHeaders();
      scripts[watched.length - 1]?.(response);
      return;
    }
    lists++;
    const metadata = { resourceVersion: `${lists}00` };
    response.end(JSON.stringify({ metadata, items: [aPod({}, { name: `listed-${lists}` })] }));
  });
  const stop = new AbortController();
  cleanups.push(() => stop.abort(), close);
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const handlers = {
    replaced: (pods: readonly { metadata: { name: string } }[]) =>
      void seen.push(`list ${pods.map((pod) => pod.metadata.name).join()}`),
    changed: (pod: { metadata: { name: string } }) =>
      void seen.push(`changed ${pod.metadata.name}`),
    deleted: (pod: { metadata: { name: string } }) =>
      void seen.push(`deleted ${pod.metadata.name}`),
  };
  const pods = { title: 'pods', path: '/api/v1/pods', fieldSelector: 'spec.nodeName=n1' };
  const done = watchObjects<Pod>(api, pods, handlers, stop.signal);
  return { seen, watched, stop, done };
}

const soon = { timeout: 5_000 };

test('events arrive whole even when the network cuts them anywhere', async () => {
  const text = event('ADDED', 'a', '101') + event('DELETED', 'b', '102');
  const { seen } = await startWatching([
    (response) => {
      response.write(text.slice(0, 30));
      setImmediate(() => response.write(text.slice(30)));
    },
  ]);
  await expect.poll(() => seen, soon).toEqual(['list listed-1', 'changed a', 'deleted b']);
});

const gone = JSON.stringify({ type: 'ERROR', object: { code: 410, metadata: {} } });

test.for<[string, (response: ServerResponse) => void]>([
  ['the connection is reset', (response) => response.destroy()],
  ['the version is too old (410)', (response) => response.write(`${gone}\n`)],
  ['what arrives is no JSON', (response) => response.write('<html>\n')],
  ['the server closes at once', (response) => response.end()],
])('lists and watches again when %s', async ([, breakIt]) => {
  const { seen, watched } = await startWatching([
    breakIt,
    (response) => response.write(event('MODIFIED', 'again', '201')),
  ]);
  await expect.poll(() => seen, soon).toEqual(['list listed-1', 'list listed-2', 'changed again']);
  expect(watched).toEqual(['100', '200']);
});

test('a watch that ends in order goes on from the version last seen, without a list', async () => {
  const { seen, watched } = await startWatching([
    (response) => {
      response.write(event('BOOKMARK', '', '150'));
      setTimeout(() => response.end(), 1_100); // a watch that lived
    },
  ]);
  await expect.poll(() => watched, soon).toEqual(['100', '150']);
  expect(seen).toEqual(['list listed-1']);
});

test('an abort ends the loop', async () => {
  const { done, stop, seen } = await startWatching([]);
  await expect.poll(() => seen, soon).toHaveLength(1);
  stop.abort();
  await expect(done).resolves.toBeUndefined();
});
