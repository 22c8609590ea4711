import { createLog } from '@lagscaler/demo-shared/log.ts';
import { RecordRefusedError } from '@lagscaler/demo-shared/producer.ts';
import type { Message } from 'kafkajs';
import { afterEach, expect, test, vi } from 'vitest';
import { createFakeStore } from './fake-store.ts';
import { newOperation } from './operation.ts';
import { createOutbox, type Outbox } from './outbox.ts';

const log = createLog('silent', {});
const timing = { leaseMs: 40, sweepMs: 5, noteMs: 2, flushMs: 200 };
const headers = { traceparent: 't', 'content-type': 'application/json' };
const outboxes: Outbox[] = [];

afterEach(() => Promise.all(outboxes.splice(0).map((outbox) => outbox.stop())));

/** Kafka as it looks from here: a list of messages, and a switch. */
function createKafka() {
  const kafka = {
    sent: [] as Message[],
    waiting: 0,
    down: false,
    refuses: undefined as string | undefined,
    async send(message: Message) {
      if (kafka.refuses !== undefined && message.key === kafka.refuses) {
        throw new RecordRefusedError('too large');
      }
      kafka.waiting += 1;
      await vi.waitUntil(() => !kafka.down, { interval: 1, timeout: 20_000 });
      kafka.waiting -= 1;
      kafka.sent.push(message);
    },
    keys: () => kafka.sent.map(({ key }) => String(key)).sort(),
  };
  return kafka;
}

function world() {
  const store = createFakeStore();
  const kafka = createKafka();
  const begin = () => {
    const outbox = createOutbox({ store, send: kafka.send, log, timing });
    outboxes.push(outbox);
    return outbox;
  };
  const insert = async (uuid: string) => {
    const operation = newOperation(uuid, 'user-create', { name: uuid });
    await store.insert(operation, headers, timing.leaseMs);
    return { operation, headers };
  };
  const unsent = () => [...store.rows.values()].filter((row) => row.unsent).length;
  return { store, kafka, begin, insert, unsent };
}

test('a message goes out right after its insert, once, and its mark is cleared', async () => {
  const { store, kafka, begin, insert, unsent } = world();
  const outbox = begin();
  outbox.offer(await insert('a'));
  await vi.waitUntil(() => unsent() === 0);
  store.now += 1_000_000;
  const looks = store.calls.get('claim') ?? 0;
  await vi.waitUntil(() => (store.calls.get('claim') ?? 0) > looks + 2);
  expect(kafka.sent).toEqual([
    {
      key: 'a',
      value:
        '{"uuid":"a","type":"user-create","state":"pending","data":{"name":"a"},"response":{"state":"pending"}}',
      headers,
    },
  ]);
});

test('what a killed process left behind is sent when its lease is over, and not before', async () => {
  const { store, kafka, begin, insert, unsent } = world();
  await insert('a');
  begin();
  await vi.waitUntil(() => (store.calls.get('claim') ?? 0) > 3);
  expect(kafka.sent).toEqual([]);
  store.now += timing.leaseMs;
  await vi.waitUntil(() => unsent() === 0);
  expect(kafka.keys()).toEqual(['a']);
});

test('three replicas share what was left behind', async () => {
  const { store, kafka, begin, insert, unsent } = world();
  const uuids = Array.from({ length: 450 }, (_, i) => `op-${i}`);
  for (const uuid of uuids) await insert(uuid);
  store.now += timing.leaseMs;
  begin();
  begin();
  begin();
  await vi.waitUntil(() => unsent() === 0, { timeout: 10_000 });
  expect(kafka.keys()).toEqual([...uuids].sort());
});

test('during an outage of Kafka memory is bounded, and all goes out once afterwards', async () => {
  const { store, kafka, begin, insert, unsent } = world();
  const outbox = begin();
  kafka.down = true;
  for (let i = 0; i < 3_000; i += 1) outbox.offer(await insert(`op-${i}`));
  expect(kafka.waiting).toBe(2_000);
  await vi.waitUntil(() => (store.calls.get('renew') ?? 0) > 0);
  kafka.down = false;
  await vi.waitUntil(() => kafka.sent.length >= 2_000);
  store.now += timing.leaseMs;
  await vi.waitUntil(() => unsent() === 0, { timeout: 20_000 });
  expect(kafka.sent.length).toBe(3_000);
  expect(new Set(kafka.keys()).size).toBe(3_000);
});

test('another replica leaves alone what this one still has in hand', async () => {
  const { store, kafka, begin, insert, unsent } = world();
  const owner = begin();
  kafka.down = true;
  owner.offer(await insert('a'));
  const renewed = () => store.calls.get('renew') ?? 0;
  await vi.waitUntil(() => renewed() > 0);
  begin();
  for (let i = 0; i < 5; i += 1) {
    const before = renewed();
    await vi.waitUntil(() => renewed() > before);
    store.now += 6 * timing.leaseMs - 1;
  }
  kafka.down = false;
  await vi.waitUntil(() => unsent() === 0);
  expect(kafka.keys()).toEqual(['a']);
});

test('the store is down when the mark should be cleared: it is cleared later, nothing is sent twice', async () => {
  const { store, kafka, begin, insert, unsent } = world();
  const outbox = begin();
  const unsentMessage = await insert('a');
  store.down = true;
  outbox.offer(unsentMessage);
  await vi.waitUntil(() => kafka.sent.length === 1);
  store.now += 1_000_000;
  store.down = false;
  await vi.waitUntil(() => unsent() === 0);
  expect(kafka.keys()).toEqual(['a']);
});

test('an operation whose insert was given up is undone, and never sent', async () => {
  const { store, kafka, begin, insert } = world();
  const outbox = begin();
  store.down = true;
  outbox.revoke('a');
  store.down = false;
  await insert('a');
  store.now += 1_000_000;
  await vi.waitUntil(() => store.rows.size === 0);
  const looks = store.calls.get('claim') ?? 0;
  await vi.waitUntil(() => (store.calls.get('claim') ?? 0) > looks + 2);
  expect(kafka.sent).toEqual([]);
});

test('a message that Kafka refuses for good fails its operation', async () => {
  const { store, kafka, begin, insert, unsent } = world();
  const outbox = begin();
  kafka.refuses = 'a';
  outbox.offer(await insert('a'));
  await vi.waitUntil(() => unsent() === 0);
  expect(store.rows.get('a')?.operation).toMatchObject({
    state: 'failed',
    error: 'the message was refused',
  });
});

test('a stop sends what is in hand', async () => {
  const { kafka, begin, insert, unsent } = world();
  const outbox = begin();
  kafka.down = true;
  outbox.offer(await insert('a'));
  const stopped = outbox.stop();
  kafka.down = false;
  await stopped;
  expect(kafka.keys()).toEqual(['a']);
  expect(unsent()).toBe(0);
});

test('a stop without Kafka ends in time, and leaves the message stored', async () => {
  const { kafka, begin, insert, unsent } = world();
  const outbox = begin();
  kafka.down = true;
  outbox.offer(await insert('a'));
  const from = performance.now();
  await outbox.stop();
  expect(performance.now() - from).toBeLessThan(2_000);
  expect(unsent()).toBe(1);
  kafka.down = false;
});
