import type { Handler } from '@lagscaler/demo-shared/guarded-work.ts';
import { RecordRefusedError } from '@lagscaler/demo-shared/producer.ts';
import type { IHeaders } from 'kafkajs';
import { expect, test } from 'vitest';
import { createFakeWorld, type FakeWorld } from './fake-ports.ts';
import { sweep } from './sweep.ts';

const create = {
  uuid: 'operation',
  type: 'user-create',
  state: 'pending',
  data: { name: 'hans', tags: ['a', { b: 1 }] },
  response: { state: 'pending' },
};
const asked = {
  ...create,
  data: {
    ...create.data,
    createdAt: '2026-01-01T12:00:00.123Z',
    uuid: 'uuid-1',
    approved: 'pending',
  },
};
const answered = (approved: unknown) => ({ ...asked, data: { ...asked.data, approved } });
const headers = { traceparent: '00-a-b-01', 'content-type': 'application/json' };
const ignoreRetry = () => undefined;

function incoming(topic: string, value: unknown, outgoing: IHeaders = headers) {
  const message = {
    key: null,
    value: typeof value === 'string' ? Buffer.from(value) : Buffer.from(JSON.stringify(value)),
    timestamp: '0',
    attributes: 0,
    offset: '0',
    headers: {},
  };
  return { topic, partition: 0, message, headers: outgoing };
}

/** Handles a message to the end. */
async function handle(handler: Handler, topic: string, value: unknown): Promise<void> {
  const answer = await handler(incoming(topic, value), ignoreRetry);
  await answer(ignoreRetry);
}

const userCreate = ({ coordinator }: FakeWorld, value: unknown = create) =>
  handle(coordinator.userCreate, 'user-create', value);
const approveResponse = ({ coordinator }: FakeWorld, value: unknown) =>
  handle(coordinator.approveResponse, 'user-approve-response', value);
const sweeping = ({ store, coordinator, now }: FakeWorld, timeoutMs = 0) =>
  sweep(
    {
      store,
      coordinator,
      resendAfterMs: 10_000,
      timeoutMs,
      signal: new AbortController().signal,
      log: { error: (line: unknown) => expect.fail(JSON.stringify(line)) },
    },
    now,
  );
const bodies = ({ sent }: FakeWorld) =>
  sent.map(({ topic, message }) => [topic, JSON.parse(String(message.value))]);
const stored = ({ store }: FakeWorld) => store.users.get('operation');

/** A world with a user, of whom user-approval-service has been told. */
async function pendingWorld(): Promise<FakeWorld> {
  const world = createFakeWorld();
  await userCreate(world);
  world.sent.length = 0;
  world.counted.length = 0;
  return world;
}

test('a new user is stored, and then asked about under the operation', async () => {
  const world = createFakeWorld();
  await userCreate(world);
  expect(bodies(world)).toEqual([['user-approve', asked]]);
  expect(world.sent[0]?.message).toMatchObject({ key: 'operation', headers });
  expect(stored(world)).toMatchObject({ uuid: 'uuid-1', approved: 'pending', unsent: undefined });
});

test('what a client calls createdAt, uuid or approved is replaced', async () => {
  const world = createFakeWorld();
  const data = { ...create.data, createdAt: 7, uuid: 'mine', approved: true };
  await userCreate(world, { ...create, data });
  expect(bodies(world)).toEqual([['user-approve', asked]]);
});

test('unknown fields at any depth and in the response pass both steps to the byte', async () => {
  const world = createFakeWorld();
  const text = (data: string, response: string) =>
    `{"uuid":"operation","type":"x","state":"y","data":{"name":"hans","$a.b":[1.0,1e400]${data}},"response":{${response},"n":12345678901234567890},"__proto__":{"z":null}}`;
  const user = (approved: string) =>
    `,"createdAt":"2026-01-01T12:00:00.123Z","uuid":"uuid-1","approved":"${approved}"`;
  await userCreate(world, text('', '"state":"pending"'));
  await approveResponse(world, text(user('true'), '"state":"pending"'));
  expect(world.sent.map(({ message }) => message.value)).toEqual([
    text(user('pending'), '"state":"pending"'),
    text(user('true'), '"state":"completed"'),
  ]);
});

test.for([
  ['an approval', 'true', { state: 'completed' }],
  ['a rejection', 'false', { state: 'failed', error: 'approval failed' }],
] as const)('%s is kept and told', async ([, approved, response]) => {
  const world = await pendingWorld();
  await approveResponse(world, answered(approved));
  expect(bodies(world)).toEqual([['user-create-response', { ...answered(approved), response }]]);
  expect(stored(world)).toMatchObject({ approved, unsent: undefined });
});

test('duplicates change nothing, send nothing and are counted', async () => {
  const world = await pendingWorld();
  await userCreate(world);
  await approveResponse(world, answered('true'));
  await approveResponse(world, answered('true'));
  await approveResponse(world, answered('false'));
  await userCreate(world);
  expect(world.sent).toHaveLength(1);
  expect(stored(world)?.approved).toBe('true');
  expect(world.counted).toEqual([
    'ignored user-create',
    'moved approved',
    'ignored user-approve-response',
    'ignored user-approve-response',
    'ignored user-create',
  ]);
});

test('a redelivery after a crash between insert and produce sends it with the same user', async () => {
  const world = createFakeWorld();
  await world.coordinator.userCreate(incoming('user-create', create), ignoreRetry); // no answer: crash
  world.now += 15_000;
  await userCreate(world);
  await userCreate(world);
  expect(bodies(world)).toEqual([['user-approve', asked]]);
  expect(world.counted).toContain('resent user-approve');
});

test('a redelivery while the first one is still being sent leaves it to that one', async () => {
  const world = createFakeWorld();
  const answer = await world.coordinator.userCreate(incoming('user-create', create), ignoreRetry);
  await userCreate(world);
  expect(world.sent).toHaveLength(0);
  await answer(ignoreRetry);
  expect(bodies(world)).toEqual([['user-approve', asked]]);
});

test('a sweep sends what a crash between update and produce left over, once', async () => {
  const world = await pendingWorld();
  const message = incoming('user-approve-response', answered('true'));
  await world.coordinator.approveResponse(message, ignoreRetry);
  await sweeping(world);
  expect(world.sent).toHaveLength(0); // too fresh: its sender may be at it
  world.now += 10_001;
  await Promise.all([sweeping(world), sweeping(world)]); // two replicas
  await sweeping(world);
  const response = { state: 'completed' };
  expect(bodies(world)).toEqual([['user-create-response', { ...answered('true'), response }]]);
  expect(world.sent[0]?.message.headers).toEqual(headers);
});

test('nobody decides in time: rejected, told, and a late approval changes nothing', async () => {
  const world = await pendingWorld();
  world.now += 2_000;
  await sweeping(world, 2_000);
  expect(world.sent).toHaveLength(0);
  world.now += 1;
  await sweeping(world, 2_000);
  await approveResponse(world, answered('true'));
  const response = { state: 'failed', error: 'approval timed out' };
  expect(bodies(world)).toEqual([['user-create-response', { ...answered('false'), response }]]);
  expect(stored(world)?.approved).toBe('false');
  expect(world.counted).toEqual(['moved timeout', 'ignored user-approve-response']);
});

test('more users than fit on one page all time out', async () => {
  const world = createFakeWorld();
  for (let i = 0; i < 250; i += 1) await userCreate(world, { ...create, uuid: `operation-${i}` });
  world.now += 2_001;
  await sweeping(world, 2_000);
  expect(world.counted.filter((what) => what === 'moved timeout')).toHaveLength(250);
});

test('a timeout of 0 is none', async () => {
  const world = await pendingWorld();
  world.now += 1e12;
  await sweeping(world, 0);
  expect(stored(world)?.approved).toBe('pending');
});

test('a user who appears while an answer waits for him is decided', async () => {
  const world: FakeWorld = createFakeWorld({ wait: async () => userCreate(world) });
  const data = { ...asked.data, uuid: 'uuid-2', approved: 'true' };
  await approveResponse(world, { ...asked, data });
  expect(stored(world)?.approved).toBe('true');
});

test.for<[string, unknown, string]>([
  ['a boolean decision', answered(true), '"data.approved"'],
  ['no decision yet', answered('pending'), '"data.approved"'],
  ['no decision', answered(undefined), '"data.approved"'],
  ['no user uuid', { ...answered('true'), data: { approved: 'true' } }, '"data.uuid"'],
  ['another user', { ...asked, data: { approved: 'true', uuid: 'x' } }, '"data.uuid"'],
  ['an unknown operation', { ...answered('true'), uuid: 'other' }, 'no user belongs'],
  ['data null', { ...asked, data: null }, '"data"'],
  ['nothing', '', 'empty'],
  ['text', 'hans', 'not JSON'],
])('%s on user-approve-response is poison', async ([, value, message]) => {
  const world = await pendingWorld();
  await expect(approveResponse(world, value)).rejects.toMatchObject({
    name: 'PoisonError',
    message: expect.stringContaining(message),
  });
  expect(stored(world)?.approved).toBe('pending');
});

test.for<[string, unknown, string]>([
  ['no name', { ...create, data: {} }, '"data.name"'],
  ['a number as name', { ...create, data: { name: 7 } }, '"data.name"'],
  ['a list as data', { ...create, data: [] }, '"data"'],
  ['no operation', { ...create, uuid: undefined }, '"uuid"'],
  ['nothing', '', 'empty'],
])('%s on user-create is poison', async ([, value, message]) => {
  const world = createFakeWorld();
  await expect(userCreate(world, value)).rejects.toMatchObject({
    name: 'PoisonError',
    message: expect.stringContaining(message),
  });
  expect(world.store.users.size).toBe(0);
});

test('what Kafka refuses for good is not tried again by anybody', async () => {
  const send = () => Promise.reject(new RecordRefusedError('too large'));
  const world = createFakeWorld({ send });
  await expect(userCreate(world)).rejects.toThrow('too large');
  expect(stored(world)?.unsent).toBeUndefined();
});
