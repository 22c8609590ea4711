import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Document, MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type KafkaRecord, produceRecords, readTopics } from '../kafka-records.ts';
import { readOperations, resetSaga } from '../saga.ts';
import {
  launchService,
  type Service,
  type ServiceEnv,
  startService,
  untilCounted,
} from '../services.ts';
import { needsStack, suiteCluster, suiteStack } from '../suite.ts';
import { until } from '../until.ts';

/**
 * operation-service alone, on real Kafka and MongoDB: the tests are its clients and the services behind
 * it. Every service that is not killed ends by itself with 0.
 */

const { cluster } = await suiteCluster();
const servers = cluster.bootstrapServers;
const partitions = 3;
const [requests, responses, deadLetters] = [
  'user-create',
  'user-create-response',
  'user-create-response.dlq',
];
const post = '/operation/create/user-create';
const jsonType = { 'content-type': 'application/json' };
const running: Service[] = [];

beforeAll(() => resetSaga(cluster, partitions));
afterEach(async () => {
  const codes = await Promise.all(running.splice(0).map((service) => service.stop()));
  expect(codes).toEqual(codes.map(() => 0));
});
afterAll(() => resetSaga(cluster, partitions));

async function start(env: ServiceEnv = {}): Promise<Service> {
  const service = await startService('operation-service', cluster, env);
  running.push(service);
  return service;
}

interface Operation {
  readonly uuid: string;
  readonly state: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  readonly text: string;
  readonly ms: number;
}

async function call(service: Service, path: string, init: RequestInit = {}): Promise<Answer> {
  const from = performance.now();
  const response = await fetch(service.url + path, {
    signal: AbortSignal.timeout(90_000),
    ...init,
  });
  const text = await response.text();
  const { status, headers } = response;
  return { status, type: headers.get('content-type'), headers, text, ms: performance.now() - from };
}

const sending = (body: string): RequestInit => ({ method: 'POST', headers: jsonType, body });
const create = (service: Service, data: object = { name: 'hans' }) =>
  call(service, post, sending(JSON.stringify(data)));

async function created(service: Service, data?: object): Promise<Operation> {
  const answer = await create(service, data);
  expect(answer.status).toBe(202);
  return JSON.parse(answer.text);
}

async function read(service: Service, uuid: string, query = ''): Promise<Operation> {
  const { status, text } = await call(service, `/operation/get/${uuid}${query}`);
  expect(status).toBe(200);
  return JSON.parse(text);
}

const text = ({ value }: KafkaRecord) => String(value);

async function requestsOf(uuids: readonly string[]): Promise<KafkaRecord[]> {
  const wanted = new Set(uuids);
  const records = await readTopics(servers, [requests]);
  return records.filter(({ key }) => wanted.has(String(key)));
}

/** @returns them, at least one for each */
async function untilRequested(uuids: readonly string[]): Promise<KafkaRecord[]> {
  return until(
    `${uuids.length} operations are requested`,
    async () => {
      const records = await requestsOf(uuids);
      return new Set(records.map(({ key }) => String(key))).size === uuids.length && records;
    },
    { withinMs: 90_000, everyMs: 500 },
  );
}

function response({ uuid, data }: Operation, outcome: object, more: object = {}) {
  const envelope = {
    uuid,
    type: 'user-create',
    state: 'pending',
    data: { ...data, createdAt: '2026-01-01T12:00:00.123Z', uuid: randomUUID(), approved: 'true' },
    response: outcome,
    ...more,
  };
  return { topic: responses, key: Buffer.from(uuid), value: Buffer.from(JSON.stringify(envelope)) };
}

async function document(uuid: string): Promise<Document | undefined> {
  return (await readOperations(cluster)).find((found) => found['uuid'] === uuid);
}

describe('D6: every row of the HTTP interface: status, content type and body', () => {
  const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
  const unknown = '6d232092-dceb-419f-bff1-2d686eace56c';
  const message = expect.any(String);
  const pending = { state: 'pending' };
  const data = { name: 'hans' };
  const rows: readonly [string, string, RequestInit, number, unknown][] = [
    [
      'POST of a user',
      post,
      sending('{"name":"hans"}'),
      202,
      { uuid, type: 'user-create', state: 'pending', data, response: pending },
    ],
    [
      'POST of another operation',
      '/operation/create/user-delete',
      sending('{"name":"hans"}'),
      400,
      {
        uuid,
        type: 'user-delete',
        state: 'failed',
        data,
        response: pending,
        error: 'operation not allowed',
      },
    ],
    ['GET of an unknown uuid', `/operation/get/${unknown}`, {}, 404, { error: 'not_found' }],
    ['GET of no uuid', '/operation/get/hans', {}, 404, { error: 'not_found' }],
    ['malformed JSON', post, sending('{"name"'), 400, { error: 'invalid_json', message }],
    [
      'wrong Content-Type',
      post,
      { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{"name":"hans"}' },
      400,
      { error: 'invalid_content_type', message },
    ],
    [
      'missing Content-Type',
      post,
      { method: 'POST', body: new TextEncoder().encode('{"name":"hans"}') },
      400,
      { error: 'invalid_content_type', message },
    ],
    ['a body that is no object', post, sending('[]'), 400, { error: 'invalid_body', message }],
    ['no name', post, sending('{}'), 400, { error: 'invalid_body', message }],
    ['an empty name', post, sending('{"name":""}'), 400, { error: 'invalid_body', message }],
    [
      'a name that is a number',
      post,
      sending('{"name":7}'),
      400,
      { error: 'invalid_body', message },
    ],
    ['another method', post, {}, 405, { error: 'method_not_allowed', message }],
    ['an unknown path', '/user', {}, 404, { error: 'not_found' }],
    [
      'a list',
      '/operation/list?state=completed&limit=1&cursor=',
      {},
      200,
      { items: [], next: null },
    ],
    [
      'a limit out of range',
      '/operation/list?limit=501',
      {},
      400,
      { error: 'invalid_query', message },
    ],
    ['the liveness probe', '/healthz', {}, 200, { status: 'ok' }],
    ['the readiness probe', '/readyz', {}, 200, { status: 'ok' }],
  ];
  let service: Service;

  /** The rows that need an operation. */
  async function readRows(): Promise<void> {
    const list = '/operation/list?state=pending';
    const { text: page } = await call(service, list);
    const [user]: Operation[] = JSON.parse(page).items;
    const wanted = {
      uuid: user?.uuid,
      type: 'user-create',
      state: 'pending',
      data,
      response: pending,
    };
    const get = `/operation/get/${user?.uuid}`;
    const reading: readonly [string, unknown][] = [
      [list, { items: [wanted], next: null }],
      [get, wanted],
      [`${get}?wait=0.1`, wanted],
    ];
    for (const [path, body] of reading) {
      const answer = await call(service, path);
      expect([path, answer.status, answer.type]).toEqual([path, 200, 'application/json']);
      expect(JSON.parse(answer.text), path).toEqual(body);
    }
  }

  test('D6: all rows, and only the user is produced', async () => {
    service = await start();
    for (const [row, path, request, status, body] of rows) {
      const answer = await call(service, path, request);
      expect([row, answer.status, answer.type]).toEqual([row, status, 'application/json']);
      expect(JSON.parse(answer.text), row).toEqual(body);
      expect(answer.headers.get('x-powered-by'), row).toBeNull();
      expect(answer.headers.get('access-control-allow-origin'), row).toBe('*');
    }
    expect((await call(service, '/metrics')).type).toMatch(/^text\/plain/);
    await readRows();
    const stored = await readOperations(cluster);
    expect(stored.map(({ type }) => type).sort()).toEqual(['user-create', 'user-delete']);
    const [user] = stored.filter(({ type }) => type === 'user-create');
    await untilRequested([user?.['uuid']]);
    expect(await readTopics(servers, [requests])).toHaveLength(1);
  });

  test('the indexes that the lookups need are there, and come back when they are dropped', async () => {
    service = await start();
    const client = new MongoClient(cluster.hostMongoUrl('operation_service'));
    try {
      const operations = client.db().collection('operation');
      const keys = async () =>
        (await operations.indexes()).map(({ key, unique }) => [key, !!unique]);
      const wanted = [
        [{ uuid: 1 }, true],
        [{ state: 1, createdAt: -1, _id: -1 }, false],
      ];
      expect(await keys()).toEqual(expect.arrayContaining(wanted));
      await operations.drop();
      await until('ready again', async () => {
        const { status } = await call(service, '/readyz');
        return status === 200 && (await keys()).length === 5;
      });
      expect(await keys()).toEqual(expect.arrayContaining(wanted));
    } finally {
      await client.close();
    }
  });
});

describe('the SAGA ends', () => {
  test('every field survives to Kafka, and back; our bookkeeping is nowhere', async () => {
    const service = await start();
    const body =
      '{"name":"hans","email":"h@x","tags":["a",{"b":1}],"$x":{"$y":1},"a.b":2,"_id":3,"createdAt":"mine","outbox":4,"__proto__":{"z":[]},"":5,"big":12345678901234567890,"one":1.0,"tiny":1e-400}';
    const answer = await call(service, post, sending(body));
    const { uuid } = JSON.parse(answer.text);
    expect(answer.text).toBe(
      `{"uuid":"${uuid}","type":"user-create","state":"pending","data":${body},"response":{"state":"pending"}}`,
    );
    const [record] = await untilRequested([uuid]);
    expect(record && text(record)).toBe(answer.text);
    expect(String(record?.headers['content-type'])).toBe('application/json');
    expect(String(record?.headers['traceparent'])).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);

    const ended = answer.text
      .replace('"name":"hans"', '"name":"hans","approved":"true"')
      .replace(
        '"response":{"state":"pending"}',
        '"response":{"state":"completed"},"a.b":{"$c":1.0}',
      );
    await produceRecords(servers, [
      { topic: responses, key: Buffer.from(uuid), value: Buffer.from(ended) },
    ]);
    await read(service, uuid, '?wait=60');
    const final = await call(service, `/operation/get/${uuid}`);
    expect(final.text).toBe(ended.replace('"state":"pending"', '"state":"completed"'));
    await until('the mark of the outbox is gone', async () => {
      const { outbox } = (await document(uuid)) ?? {};
      return outbox === undefined;
    });
  });

  test('completed and failed; duplicate and late responses change nothing and are counted', async () => {
    const service = await start();
    const [good, bad, mute] = [
      await created(service),
      await created(service, { name: 'mallory' }),
      await created(service),
    ];
    const failed = { state: 'failed', error: 'approval failed' };
    await produceRecords(servers, [
      response(good, { state: 'completed' }),
      response(bad, failed),
      response(mute, { state: 'failed' }),
      response(good, { state: 'completed' }),
      response(good, failed),
      response(bad, { state: 'completed' }),
    ]);
    await untilCounted(service, 'demo_messages_ignored_total', 3);
    expect(await read(service, good.uuid)).toMatchObject({ state: 'completed' });
    expect((await read(service, good.uuid)).error).toBeUndefined();
    expect(await read(service, bad.uuid)).toMatchObject({
      state: 'failed',
      error: 'approval failed',
      response: failed,
    });
    expect(await read(service, mute.uuid)).toMatchObject({
      state: 'failed',
      error: 'unknown error',
    });
    const metrics = await service.metrics();
    expect(metrics.sum('demo_saga_duration_seconds_count', { state: 'completed' })).toBe(1);
    expect(metrics.sum('demo_saga_duration_seconds_count', { state: 'failed' })).toBe(2);
  });

  test('poison and the response of nobody are put aside, and the next response is handled', async () => {
    const service = await start();
    const before = (await readTopics(servers, [deadLetters])).length;
    const operation = await created(service);
    const stranger = { ...operation, uuid: randomUUID() };
    const poison = ['', 'not json', '[]', JSON.stringify({ ...operation, data: null })];
    await produceRecords(servers, [
      ...poison.map((value) => ({
        topic: responses,
        key: Buffer.from(operation.uuid),
        value: Buffer.from(value),
      })),
      response(operation, { state: 'pending' }),
      response(stranger, { state: 'completed' }),
      response(operation, { state: 'completed' }),
    ]);
    expect(await read(service, operation.uuid, '?wait=60')).toMatchObject({ state: 'completed' });
    await untilCounted(service, 'demo_messages_dead_lettered_total', 6);
    expect(await readTopics(servers, [deadLetters])).toHaveLength(before + 6);
    expect(await service.status('/healthz')).toBe(200);
  });

  test('a long poll answers whichever replica consumes the response', async () => {
    const replicas = await Promise.all([start(), start()]);
    const operations = await Promise.all(
      Array.from({ length: 6 }, (_, i) => created(replicas[i % 2] as Service)),
    );
    const waiting = operations.flatMap(({ uuid }) =>
      replicas.map((replica) => read(replica, uuid, '?wait=60')),
    );
    await sleep(500); // the polls have arrived
    const from = performance.now();
    await produceRecords(
      servers,
      operations.map((operation) => response(operation, { state: 'completed' })),
    );
    for (const { state } of await Promise.all(waiting)) expect(state).toBe('completed');
    console.log(`long polls answered after ${Math.round(performance.now() - from)} ms`);
  });

  test('a long poll that is too short says pending; one that is open at a stop is answered', async () => {
    const service = await start();
    const { uuid } = await created(service);
    expect(await read(service, uuid, '?wait=0.2')).toMatchObject({ state: 'pending' });
    const open = read(service, uuid, '?wait=60');
    await sleep(500);
    const from = performance.now();
    expect(await service.stop()).toBe(0);
    expect(await open).toMatchObject({ state: 'pending' });
    expect(performance.now() - from).toBeLessThan(20_000);
  });
});

test('a stop waits neither for a mute client nor long for half a body', async () => {
  const service = await start();
  const half = `POST ${post} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"n`;
  const sockets = ['', half].map((begun) => {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    socket.on('error', () => undefined).write(begun);
    return socket;
  });
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  await sleep(500); // what they have sent has arrived
  const from = performance.now();
  expect(await service.stop()).toBe(0);
  const tookMs = performance.now() - from;
  expect(tookMs).toBeGreaterThan(2_000);
  expect(tookMs).toBeLessThan(10_000);
});

test('the list: newest first, in pages, of one state', async () => {
  await resetSaga(cluster, partitions);
  const service = await start();
  const uuids: string[] = [];
  for (let i = 0; i < 7; i += 1) uuids.unshift((await created(service)).uuid);
  await call(service, '/operation/create/other', sending('{"name":"hans"}'));
  const seen: string[] = [];
  let next: string | null = '';
  while (next !== null) {
    const { text: page } = await call(
      service,
      `/operation/list?state=pending&limit=3&cursor=${next}`,
    );
    const parsed: { items: Operation[]; next: string | null } = JSON.parse(page);
    seen.push(...parsed.items.map(({ uuid }) => uuid));
    for (const item of parsed.items) {
      expect(Object.keys(item)).toEqual(['uuid', 'type', 'state', 'data', 'response']);
    }
    next = parsed.next;
  }
  expect(seen).toEqual(uuids);
  const { text: all } = await call(service, '/operation/list');
  expect(JSON.parse(all).items[0]).toMatchObject({ type: 'other', state: 'failed' });
  expect(JSON.parse(all).items).toHaveLength(8);
});

describe('the outbox', () => {
  test('D1: killed between store and produce: another process produces it', async () => {
    const doomed = await startService('operation-service', cluster, {
      FAULT_AT: 'operation-stored:kill',
    });
    await expect(create(doomed)).rejects.toThrow();
    expect(await doomed.exited).toBeNull();
    const [orphan] = (await readOperations(cluster)).filter(({ outbox }) => outbox !== undefined);
    expect(orphan).toBeDefined();
    await start();
    expect(await untilRequested([orphan?.['uuid']])).toHaveLength(1);
  });

  test('D1: a slow insert: nothing is produced before it is stored', async () => {
    const service = await start({ FAULT_AT: 'operation-inserting:delay=2000' });
    const before = (await readTopics(servers, [requests])).length;
    const creating = created(service);
    await sleep(1_000);
    expect(await readTopics(servers, [requests])).toHaveLength(before);
    await untilRequested([(await creating).uuid]);
  });

  test('Kafka away from the start: 202 at once, ready, a clean stop; a later process produces all', async () => {
    const alone = await launchService('operation-service', cluster, {
      KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1',
    });
    await until('ready', async () => (await alone.status('/readyz')) === 200);
    const answers = await Promise.all(Array.from({ length: 50 }, () => create(alone)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    expect(await alone.status('/healthz')).toBe(200);
    expect(await alone.stop()).toBe(0);
    await start();
    await untilRequested(answers.map(({ text: body }) => JSON.parse(body).uuid));
  });
});

const title = needsStack ? `outages: ${needsStack}` : 'outages';
describe.skipIf(needsStack)(title, () => {
  afterEach(async () => (await suiteStack()).heal());

  test('all brokers frozen: POST is as fast as ever, and all is produced once they go on', async () => {
    const stack = await suiteStack();
    const service = await start();
    await untilRequested([(await created(service)).uuid]); // connected
    await Promise.all(([1, 2, 3] as const).map((id) => stack.kafka.broker(id).freeze()));
    const answers: Answer[] = [];
    for (let i = 0; i < 200; i += 1) {
      answers.push(await create(service));
      await sleep(25);
    }
    expect(answers.every(({ status }) => status === 202)).toBe(true);
    const slowest = Math.max(...answers.map(({ ms }) => ms));
    console.log(`slowest POST while Kafka was frozen: ${Math.round(slowest)} ms`);
    expect(slowest).toBeLessThan(2_000);
    expect(await service.status('/readyz')).toBe(200);
    expect(await service.status('/healthz')).toBe(200);
    await stack.heal();
    const uuids = answers.map(({ text: body }) => JSON.parse(body).uuid);
    const records = await untilRequested(uuids);
    console.log(`${records.length - uuids.length} of ${uuids.length} produced twice`);
    await until('every mark is cleared', async () => {
      const left = (await readOperations(cluster)).filter(({ outbox }) => outbox !== undefined);
      return left.length === 0;
    });
  });

  test.for(['freeze', 'kill'] as const)(
    'MongoDB is gone (%s): 503 within 3 s and nothing is produced; then all is as before',
    async (how) => {
      const stack = await suiteStack();
      const service = await start();
      const { uuid } = await created(service);
      await untilRequested([uuid]);
      const [stored, produced] = [
        (await readOperations(cluster)).length,
        (await readTopics(servers, [requests])).length,
      ];
      await stack.mongo[how]();
      for (let i = 0; i < 3; i += 1) {
        const answer = await create(service);
        expect([answer.status, answer.text]).toEqual([503, '{"error":"unavailable"}']);
        expect(answer.type).toBe('application/json');
        expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
        expect(answer.ms).toBeLessThan(4_000);
      }
      for (const path of [`/operation/get/${uuid}`, '/operation/list']) {
        const answer = await call(service, path);
        expect([path, answer.status, answer.type]).toEqual([path, 503, 'application/json']);
        expect(answer.text).toBe('{"error":"unavailable"}');
      }
      expect(await service.status('/healthz')).toBe(200);
      expect(await service.status('/readyz')).toBe(503);
      expect((await service.metrics()).text).not.toMatch(/^demo_(operations|outbox_messages)\b/m);
      await stack.heal();
      await until('ready again', async () => (await service.status('/readyz')) === 200);
      const later = await created(service);
      await untilRequested([later.uuid]);
      await sleep(8_000); // longer than a lease: what had been stored by mistake would be produced by now
      expect(await readOperations(cluster)).toHaveLength(stored + 1);
      expect(await readTopics(servers, [requests])).toHaveLength(produced + 1);
    },
  );

  test('responses that come while MongoDB is gone are handled when it is back', async () => {
    const stack = await suiteStack();
    const service = await start();
    const operation = await created(service);
    await untilRequested([operation.uuid]);
    await stack.mongo.kill();
    await produceRecords(servers, [response(operation, { state: 'completed' })]);
    await sleep(3_000);
    await stack.heal();
    await until('completed', async () => {
      const { state } = await read(service, operation.uuid);
      return state === 'completed';
    });
  });
});
