import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import type { Scaler } from '../controller/ports.ts';
import { createScalerStore } from './scalers.ts';
import {
  answer,
  clientFor,
  createFakeClock,
  eventually,
  forever,
  refuse,
  startServer,
} from './testing.ts';

interface Raw {
  metadata: Record<string, unknown>;
  status?: unknown;
}

const raw = (version: number, metadata: object = {}, status?: unknown): Raw => ({
  metadata: {
    name: 'orders',
    namespace: 'shop',
    uid: 'uid-1',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
    resourceVersion: String(version),
    ...metadata,
  },
  ...{ spec: { maxReplicas: 5 } },
  ...(status === undefined ? {} : { status }),
});

/** A store over a server that holds one scaler; `watch` sends events, patches are answered by `onPatch`. */
async function setup(first: Raw, onPatch: (response: ServerResponse) => void = () => undefined) {
  let stream: ServerResponse | undefined;
  const server = await startServer((request, response) => {
    if (request.method === 'PATCH') return onPatch(response);
    if (request.query.has('watch')) {
      stream = response;
      return response.flushHeaders();
    }
    return answer(response, { metadata: { resourceVersion: '100' }, items: [first] });
  });
  const changes: string[] = [];
  const store = createScalerStore({
    client: clientFor(server),
    clock: createFakeClock(),
    namespaces: [],
    onChange: (key) => changes.push(key),
  });
  onTestFinished(() => store.close());
  store.start();
  await eventually(() => stream !== undefined);
  expect(changes).toEqual(['shop/orders']);
  changes.length = 0;
  const watch = (type: string, object: Raw) =>
    stream?.write(`${JSON.stringify({ type, object })}\n`);
  const patches = () => server.requests.filter(({ method }) => method === 'PATCH');
  const scaler = () => store.get('shop/orders') as Scaler;
  return { store, changes, watch, patches, scaler };
}

const status = (fields: object) => fields as NonNullable<Scaler['status']>;

test('a scaler as the controller sees it, which nobody can change by accident (traps C13)', async () => {
  const { store, scaler } = await setup(raw(1));
  expect(store.list()).toEqual([scaler()]);
  expect(scaler()).toMatchObject({
    key: 'shop/orders',
    uid: 'uid-1',
    generation: 1,
    resourceVersion: '1',
    creationTimestamp: Date.UTC(2026, 0, 1),
    spec: { maxReplicas: 5 },
    status: undefined,
  });
  expect(() => Object.assign(scaler().spec, { maxReplicas: 6 })).toThrow(TypeError);
});

test.for([
  ['a new generation', { generation: 2 }, 1],
  ['a new annotation', { annotations: { a: 'b' } }, 1],
  ['a deletion that waits for finalizers', { deletionTimestamp: '2026-01-02T00:00:00Z' }, 1],
  ['a new object under the same name', { uid: 'uid-2' }, 1],
  ['a status write (traps C21)', {}, 0],
  ['labels', { labels: { a: 'b' } }, 0],
] as const)('%s is heard %#', async ([, metadata, times]) => {
  const { changes, watch, scaler, store } = await setup(raw(1));
  watch('MODIFIED', raw(101, metadata, { lag: '7' }));
  watch('ADDED', raw(102, { name: 'last' }));
  await eventually(() => expect(changes).toContain('shop/last'));
  expect(changes.filter((key) => key === 'shop/orders')).toHaveLength(times);
  if ('deletionTimestamp' in metadata) {
    expect(scaler()).toBeUndefined();
    expect(store.list()).toHaveLength(1);
  } else expect(scaler().status).toEqual({ lag: '7' });
});

test('publish is one merge-patch of what changed; the cache shows it before the watch does', async () => {
  const before = { lag: '5', currentReplicas: 1 };
  const { store, changes, watch, patches, scaler } = await setup(raw(1, {}, before), (response) =>
    answer(response, raw(110, {}, { currentReplicas: 2 })),
  );
  await store.publish(scaler(), status({ currentReplicas: 2 }), forever);
  expect(patches()).toMatchObject([
    {
      path: '/apis/lagscaler.dev/v1alpha1/namespaces/shop/kafkaconsumerscalers/orders/status',
      body: { status: { currentReplicas: 2, lag: null } },
    },
  ]);
  expect(scaler().status).toEqual({ currentReplicas: 2 });
  watch('MODIFIED', raw(105, {}, { currentReplicas: 1 })); // older than our write
  watch('ADDED', raw(111, { name: 'last' }));
  await eventually(() => expect(changes).toEqual(['shop/last']));
  expect(scaler().status).toEqual({ currentReplicas: 2 });
});

test('a status that changes nothing is not written (traps C21)', async () => {
  const { store, patches, scaler } = await setup(raw(1, {}, { lag: '5' }));
  await store.publish(scaler(), status({ lag: '5' }), forever);
  expect(patches()).toHaveLength(0);
});

test('a spec that changed while we wrote is heard although the answer came first', async () => {
  const { store, changes, scaler } = await setup(raw(1), (response) =>
    answer(response, raw(110, { generation: 2 }, { lag: '5' })),
  );
  await store.publish(scaler(), status({ lag: '5' }), forever);
  expect(changes).toEqual(['shop/orders']);
  expect(scaler().generation).toBe(2);
});

test('a scaler deleted meanwhile is ignored: on the server', async () => {
  const { store, scaler } = await setup(raw(1), (response) => refuse(response, 404, 'NotFound'));
  await store.publish(scaler(), status({ lag: '5' }), forever);
});

test('a scaler deleted meanwhile is ignored: another with the same name is left alone', async () => {
  const { store, scaler, patches } = await setup(raw(1));
  await store.publish({ ...scaler(), uid: 'older' }, status({ lag: '5' }), forever);
  expect(patches()).toHaveLength(0);
});

test('a refused status is an error', async () => {
  const { store, scaler } = await setup(raw(1), (response) => refuse(response, 403, 'Forbidden'));
  const publishing = store.publish(scaler(), status({ lag: '5' }), forever);
  await expect(publishing).rejects.toMatchObject({ code: 'Forbidden' });
});
