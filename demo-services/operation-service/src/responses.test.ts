import { PoisonError } from '@lagscaler/demo-shared/envelope.ts';
import { createLog } from '@lagscaler/demo-shared/log.ts';
import type { KafkaMessage } from 'kafkajs';
import { expect, test, vi } from 'vitest';
import { createFakeStore } from './fake-store.ts';
import { newOperation } from './operation.ts';
import { endOperation } from './responses.ts';

const signal = new AbortController().signal;
const log = createLog('silent', {});

function world() {
  const store = createFakeStore();
  const seen: string[] = [];
  const handle = endOperation({
    store,
    log,
    signal,
    lookPauseMs: 1,
    faults: { at: async (point) => void seen.push(point) },
    onEnded: ({ outcome }, createdAt) => seen.push(`${outcome} ${createdAt.getTime()}`),
    onIgnored: () => seen.push('ignored'),
  });
  const retries = vi.fn();
  const deliver = async (response: unknown, uuid = 'a') => {
    const value = Buffer.from(
      JSON.stringify({ uuid, type: 'user-create', state: 'pending', data: { n: 1 }, response }),
    );
    const message = { value } as KafkaMessage;
    const answer = await handle({ topic: 't', partition: 0, message, headers: {} }, retries);
    await answer(retries);
  };
  const insert = () => store.insert(newOperation('a', 'user-create', {}), undefined, 0);
  return { store, seen, deliver, insert, retries };
}

test('a response ends the operation', async () => {
  const { store, seen, deliver, insert } = world();
  await insert();
  await deliver({ state: 'failed', error: 'approval failed' });
  expect(store.rows.get('a')?.operation).toMatchObject({
    state: 'failed',
    error: 'approval failed',
    data: { n: 1 },
  });
  expect(seen).toEqual(['failed 1000000', 'operation-updated']);
});

test('a duplicate and a late response are counted, and change nothing', async () => {
  const { store, seen, deliver, insert } = world();
  await insert();
  await deliver({ state: 'completed' });
  await deliver({ state: 'completed' });
  await deliver({ state: 'failed', error: 'approval timed out' });
  expect(store.rows.get('a')?.operation.state).toBe('completed');
  expect(seen.filter((line) => line === 'ignored')).toHaveLength(2);
});

test('an outage of the store is waited for, with a sign of life for each attempt', async () => {
  const { store, deliver, insert, retries } = world();
  await insert();
  store.down = true;
  const delivered = deliver({ state: 'completed' });
  await vi.waitUntil(() => retries.mock.calls.length >= 2);
  store.down = false;
  await delivered;
  expect(store.rows.get('a')?.operation.state).toBe('completed');
});

test('an operation that is there a moment later is found', async () => {
  const { store, seen, deliver, insert } = world();
  const delivered = deliver({ state: 'completed' });
  await vi.waitUntil(() => (store.calls.get('finish') ?? 0) > 0, { interval: 0 });
  await insert();
  await delivered;
  expect(seen).toContain('completed 1000000');
});

test('an operation that nobody knows is poison', async () => {
  const { deliver } = world();
  await expect(deliver({ state: 'completed' }, 'nobody')).rejects.toThrow(PoisonError);
});

test('poison is found before anything is done', async () => {
  const { store, deliver } = world();
  await expect(deliver(null)).rejects.toThrow(PoisonError);
  expect(store.calls.size).toBe(0);
});
