import { expect, test } from 'vitest';
import { createPodReader } from './pods.ts';
import { answer, clientFor, forever, type Handler, refuse, startServer } from './testing.ts';

const pod = (condition?: object, metadata: object = {}) => ({
  metadata: { name: 'orders', ...metadata },
  status: { phase: 'Pending', ...(condition && { conditions: [condition] }) },
});
const unschedulable = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' };

async function setup(handler: Handler, timeoutMs = 5000) {
  const server = await startServer(handler);
  const pods = createPodReader({ client: clientFor(server), timeoutMs });
  const count = (signal = forever) => pods.countUnschedulable('shop', 'app=orders', signal);
  return { server, count };
}

test.for([
  ['a pod the scheduler found no node for', pod(unschedulable), 1],
  [
    'one that is being deleted is no longer wanted',
    pod(unschedulable, { deletionTimestamp: 'now' }),
    0,
  ],
  ['one behind a scheduling gate', pod({ ...unschedulable, reason: 'SchedulingGated' }), 0],
  ['one that has its node and pulls its image', pod({ type: 'PodScheduled', status: 'True' }), 0],
  ['one the scheduler has not seen yet', pod(), 0],
] as const)('%s', async ([, item, expected]) => {
  const { count } = await setup((_, response) => answer(response, { items: [item] }));
  expect(await count()).toEqual({ kind: 'counted', unschedulable: expected });
});

test('one page of Pending pods is asked for, under the selector', async () => {
  const { server, count } = await setup((_, response) => answer(response, { items: null }));
  expect(await count()).toEqual({ kind: 'counted', unschedulable: 0 });
  expect(server.requests.map(({ path, query }) => [path, Object.fromEntries(query)])).toEqual([
    [
      '/api/v1/namespaces/shop/pods',
      { labelSelector: 'app=orders', fieldSelector: 'status.phase=Pending', limit: '500' },
    ],
  ]);
});

test('a list that is denied is unknown, not zero', async () => {
  const { count } = await setup((_, response) => refuse(response, 403, 'Forbidden'));
  expect(await count()).toMatchObject({ kind: 'unknown', error: { code: 'Forbidden' } });
});

test('an API server that does not answer is unknown after the deadline', async () => {
  const { count } = await setup(() => {}, 20);
  expect(await count()).toMatchObject({ kind: 'unknown', error: { code: 'Timeout' } });
});

test('who stops waiting gets his own reason', async () => {
  const { count } = await setup(() => {});
  const stop = new AbortController();
  const counting = count(stop.signal);
  stop.abort(new Error('shutting down'));
  await expect(counting).rejects.toThrow('shutting down');
});
