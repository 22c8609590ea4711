import { expect, test, vi } from 'vitest';
import { createFakeStore } from './fake-store.ts';
import { newOperation, readEnding } from './operation.ts';
import { createWaiters } from './waiters.ts';

const never = new AbortController().signal;
const ending = (uuid: string) =>
  readEnding(
    Buffer.from(
      JSON.stringify({
        uuid,
        type: 'user-create',
        state: 'pending',
        data: {},
        response: { state: 'completed' },
      }),
    ),
  );

async function pendingOperations(...uuids: readonly string[]) {
  const store = createFakeStore();
  for (const uuid of uuids) {
    await store.insert(newOperation(uuid, 'user-create', { name: 'a' }), undefined, 0);
  }
  return store;
}

test('a wait ends when another replica ends the operation', async () => {
  const store = await pendingOperations('a');
  const waiters = createWaiters(store, 5);
  const waited = waiters.ended('a', 60_000, never);
  await vi.waitUntil(() => (store.calls.get('terminal') ?? 0) > 2);
  await store.finish(ending('a'));
  await waited;
});

test('one look serves all who wait', async () => {
  const store = await pendingOperations('a', 'b');
  const waiters = createWaiters(store, 10);
  const all = Array.from({ length: 200 }, (_, i) =>
    waiters.ended(i % 2 ? 'a' : 'b', 60_000, never),
  );
  await vi.waitUntil(() => (store.calls.get('terminal') ?? 0) > 0);
  await store.finish(ending('a'));
  await store.finish(ending('b'));
  await Promise.all(all);
  expect(store.calls.get('terminal')).toBeLessThan(50);
});

test('nobody waits: nobody looks', async () => {
  const store = await pendingOperations('a');
  const waiters = createWaiters(store, 1);
  await waiters.ended('a', 20, never);
  const looks = store.calls.get('terminal');
  await waiters.stop();
  await waiters.ended('a', 20, never);
  expect((store.calls.get('terminal') ?? 0) - (looks ?? 0)).toBeLessThanOrEqual(1);
});

test('this process ends the operation: no look is waited for', async () => {
  const waiters = createWaiters(await pendingOperations('a'), 60_000);
  const waited = waiters.ended('a', 60_000, never);
  waiters.wake('a');
  await waited;
  await waiters.stop();
});

test.for(['the client goes away', 'the process stops'] as const)(
  'a wait ends when %s',
  async (how) => {
    const waiters = createWaiters(await pendingOperations('a'), 60_000);
    const client = new AbortController();
    const waited = waiters.ended('a', 60_000, client.signal);
    if (how === 'the client goes away') client.abort();
    else await waiters.stop();
    await waited;
    await waiters.stop();
  },
);

test('an outage of the store does not end the looking', async () => {
  const store = await pendingOperations('a');
  const waiters = createWaiters(store, 1);
  store.down = true;
  const waited = waiters.ended('a', 60_000, never);
  await vi.waitUntil(() => (store.calls.get('terminal') ?? 0) > 3);
  store.down = false;
  await store.finish(ending('a'));
  await waited;
});
