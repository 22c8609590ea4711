import { randomUUID } from 'node:crypto';
import { type Document, MongoClient } from 'mongodb';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type KafkaRecord, type NewRecord, produceRecords, readTopics } from '../kafka-records.ts';
import { readUsers, resetSaga } from '../saga.ts';
import { type Service, startService, untilCounted } from '../services.ts';
import { needsStack, suiteCluster, suiteStack } from '../suite.ts';
import { until } from '../until.ts';

/**
 * user-service alone, on real Kafka and MongoDB: the tests are the other two services. After each the
 * service ends by itself with 0.
 */

const { cluster } = await suiteCluster();
const servers = cluster.bootstrapServers;
const partitions = 3;
const running: Service[] = [];

beforeEach(async () => {
  await resetSaga(cluster, partitions);
  return async () => {
    const codes = await Promise.all(running.splice(0).map((service) => service.stop()));
    expect(codes).toEqual(codes.map(() => 0));
  };
});
afterAll(() => resetSaga(cluster, partitions));

/** @param env with a fault that kills, the service is expected to be gone at the end */
async function start(env: Readonly<Record<string, string>> = {}): Promise<Service> {
  const service = await startService('user-service', cluster, env);
  if (env['FAULT_AT'] === undefined) running.push(service);
  return service;
}

interface Envelope {
  readonly uuid: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly response: unknown;
}

function newOperation(data: object = { name: 'hans' }): Envelope {
  const uuid = randomUUID();
  const [type, state, response] = ['user-create', 'pending', { state: 'pending' }];
  return { uuid, type, state, data: { ...data }, response } as Envelope;
}

function record(topic: string, envelope: Envelope, key: string | null = envelope.uuid): NewRecord {
  return {
    topic,
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from(JSON.stringify(envelope)),
  };
}

const decided = ({ data, ...rest }: Envelope, approved: string): Envelope => ({
  ...rest,
  data: { ...data, approved },
});

async function envelopesIn(topic: string): Promise<readonly Envelope[]> {
  const records = await readTopics(servers, [topic]);
  for (const { key, value } of records) expect(String(key)).toBe(JSON.parse(String(value)).uuid);
  return records.map(({ value }) => JSON.parse(String(value)));
}

const consumed = 'demo_messages_consumed_total';
const ignored = 'demo_messages_ignored_total';

async function oneUser(uuid: string): Promise<Document | undefined> {
  return (await readUsers(cluster)).find(({ operationUuid }) => operationUuid === uuid);
}

/** Waits for the only message of a topic about an operation. */
async function untilTold(topic: string, { uuid }: Envelope): Promise<Envelope> {
  await until(`${uuid} has nothing left to send`, async () => {
    const user = await oneUser(uuid);
    return user !== undefined && user['saga'].unsent === undefined;
  });
  const [told, ...more] = (await envelopesIn(topic)).filter((one) => one.uuid === uuid);
  expect(more).toEqual([]);
  if (told === undefined) throw new Error(`${topic} has nothing about ${uuid}`);
  return told;
}

/** A connection to user_service, with its own credentials. */
async function withUsers<T>(work: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(cluster.hostMongoUrl('user_service'));
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

test('ready means: both unique indexes are there', async () => {
  await start();
  const indexes = await withUsers((client) => client.db().collection('user').indexes());
  const unique = indexes.filter((index) => index.unique === true);
  expect(unique.map(({ key }) => key)).toEqual(
    expect.arrayContaining([{ uuid: 1 }, { operationUuid: 1 }]),
  );
});

test('every message twice, with and without a key: one user, every message sent once', async () => {
  const service = await start();
  const operations = Array.from({ length: 60 }, (_, i) =>
    newOperation({ name: `hans ${i}`, email: 'h@x', tags: ['a', { b: 1 }] }),
  );
  const keys = (uuid: string, i: number) => [uuid, null, ''][i % 3] ?? null;
  const twice = (topic: string, envelopes: readonly Envelope[]) =>
    envelopes.flatMap((one, i) => {
      const same = record(topic, one, keys(one.uuid, i));
      return i % 2 === 0 ? [same, same] : [same, record(topic, one, null)];
    });
  await produceRecords(servers, twice('user-create', operations));
  await untilCounted(service, consumed, 120);
  await untilCounted(service, ignored, 60);

  const asked = await envelopesIn('user-approve');
  expect(asked.map(({ uuid }) => uuid).toSorted()).toEqual(
    operations.map(({ uuid }) => uuid).toSorted(),
  );
  const answers = asked.map((one, i) => decided(one, i % 2 === 0 ? 'true' : 'false'));
  await produceRecords(servers, twice('user-approve-response', answers));
  await untilCounted(service, consumed, 240);
  await untilCounted(service, ignored, 120);

  const byUuid = (a: Envelope, b: Envelope) => a.uuid.localeCompare(b.uuid);
  const told = await envelopesIn('user-create-response');
  const expected = answers.map((one) => ({
    ...one,
    response:
      one.data['approved'] === 'true'
        ? { state: 'completed' }
        : { state: 'failed', error: 'approval failed' },
  }));
  expect(told.toSorted(byUuid)).toEqual(expected.toSorted(byUuid));
  const users = await readUsers(cluster);
  expect(users).toHaveLength(60);
  for (const { uuid, data } of answers) {
    const user = users.find(({ operationUuid }) => operationUuid === uuid);
    expect(user).toMatchObject(data);
  }
});

test.for([
  ['user-stored', 'user-create', 'user-approve'],
  ['user-decided', 'user-approve-response', 'user-create-response'],
] as const)(
  'killed at %s, between the write and its message: sent after a restart, of the same user',
  async ([point, topic, emitted]) => {
    const operation = newOperation();
    const doomed = await start({ FAULT_AT: `${point}:kill` });
    await produceRecords(servers, [record('user-create', operation)]);
    if (topic !== 'user-create') {
      const asked = await untilTold('user-approve', operation);
      await produceRecords(servers, [record(topic, decided(asked, 'true'))]);
    }
    expect(await doomed.exited).toBe(null);
    const before = await oneUser(operation.uuid);
    expect(before?.['saga'].unsent.topic).toBe(emitted);
    expect(await envelopesIn(emitted)).toEqual([]);

    await start();
    const told = await untilTold(emitted, operation);
    expect(told.data['uuid']).toBe(before?.['uuid']);
    expect(await readUsers(cluster)).toHaveLength(1);
  },
);

test('nobody decides in time: rejected and told so; a late approval changes nothing', async () => {
  const service = await start({ SAGA_TIMEOUT_MS: '2000' });
  const operation = newOperation();
  await produceRecords(servers, [record('user-create', operation)]);
  await until('the user is rejected', async () => {
    return (await oneUser(operation.uuid))?.['approved'] === 'false';
  });
  const told = await untilTold('user-create-response', operation);
  expect(told).toMatchObject({
    data: { name: 'hans', approved: 'false' },
    response: { state: 'failed', error: 'approval timed out' },
  });
  await produceRecords(servers, [record('user-approve-response', decided(told, 'true'))]);
  await untilCounted(service, ignored, 1);
  expect((await oneUser(operation.uuid))?.['approved']).toBe('false');
  expect(await untilTold('user-create-response', operation)).toEqual(told);
  expect((await service.metrics()).sum('demo_saga_transitions_total', { event: 'timeout' })).toBe(
    1,
  );
});

const broken = (change: object) => JSON.stringify({ ...newOperation(), ...change });
const poison: Readonly<Record<string, readonly (string | null)[]>> = {
  'user-create': [
    null,
    '',
    'hans',
    'null',
    '[]',
    broken({ data: null }),
    broken({ data: {} }),
  ].concat([broken({ data: { name: 7 } }), broken({ uuid: 7 }), broken({ state: true })]),
  'user-approve-response': [
    null,
    'hans',
    broken({ data: null }),
    broken({ data: { name: 'hans', uuid: 'u', approved: true } }),
    broken({ data: { name: 'hans', uuid: 'u', approved: 'pending' } }),
    broken({ data: { name: 'hans', approved: 'true' } }),
    broken({ data: { name: 'hans', uuid: 'u', approved: 'true' } }), // of no operation
  ],
};

test.for(Object.entries(poison))(
  'poison on %s is put aside, what follows is handled',
  async (of) => {
    const [topic, values] = of;
    const service = await start();
    const operation = newOperation();
    await produceRecords(servers, [record('user-create', operation)]);
    const asked = await untilTold('user-approve', operation);
    const bad = values.map((text) => ({
      topic,
      partition: 1,
      key: null,
      value: text === null ? null : Buffer.from(text),
    }));
    const valid = topic === 'user-create' ? newOperation() : decided(asked, 'true');
    await produceRecords(servers, [...bad, { ...record(topic, valid), partition: 1 }]);
    await untilCounted(service, 'demo_messages_dead_lettered_total', bad.length);
    await untilTold(topic === 'user-create' ? 'user-approve' : 'user-create-response', valid);

    const deadLetters = await readTopics(servers, [`${topic}.dlq`]);
    const texts = deadLetters.map(({ value }) => (value === null ? null : String(value)));
    expect(texts).toEqual(values);
    const header = ({ headers }: KafkaRecord, name: string) => String(headers[name]);
    for (const [i, letter] of deadLetters.entries()) {
      expect(header(letter, 'origin-topic')).toBe(topic);
      expect(header(letter, 'origin-partition')).toBe('1');
      expect(header(letter, 'error')).toContain('PoisonError');
      const offset = Number(header(letter, 'origin-offset'));
      expect(offset - Number(header(deadLetters[0] ?? letter, 'origin-offset'))).toBe(i);
    }
    expect(await service.status('/healthz')).toBe(200);
  },
);

describe.skipIf(needsStack)(`MongoDB fails${needsStack ? `: ${needsStack}` : ''}`, () => {
  test('killed and restarted in the middle: nobody is lost, nobody doubled', async () => {
    const stack = await suiteStack();
    const service = await start({ SAGA_STUCK_MS: '1' });
    const operations = Array.from({ length: 300 }, () => newOperation());
    const records = operations.map((operation) => record('user-create', operation));
    await produceRecords(servers, records.slice(0, 150));
    await until('some are stored', async () => (await readUsers(cluster)).length > 0);
    await until('some count as stuck', async () => {
      return ((await service.metrics()).sum('demo_saga_stuck') ?? 0) > 0;
    });
    await stack.mongo.kill();
    await produceRecords(servers, records.slice(150));
    await until('it is not ready', async () => (await service.status('/readyz')) === 503);
    expect(await service.status('/healthz')).toBe(200);
    await until('the gauges are missing', async () => {
      const metrics = await service.metrics();
      return metrics.sum('demo_saga_stuck') === undefined;
    });
    await stack.mongo.start();
    await until('it is ready again', async () => (await service.status('/readyz')) === 200);
    await untilCounted(service, consumed, 300);
    const wanted = operations.map(({ uuid }) => uuid).toSorted();
    const users = await readUsers(cluster);
    expect(users.map(({ operationUuid }) => operationUuid).toSorted()).toEqual(wanted);
    const uuids = new Map(users.map(({ operationUuid, uuid }) => [operationUuid, uuid]));
    const asked = await envelopesIn('user-approve');
    expect(new Set(asked.map(({ uuid }) => uuid))).toEqual(new Set(wanted));
    for (const { uuid, data } of asked) expect(data['uuid']).toBe(uuids.get(uuid));
    expect((await service.metrics()).sum('demo_messages_failed_total')).toBe(0);
  });
});

const unchecked = cluster.mongoChecksCredentials
  ? ''
  : ' (skipped: the embedded MongoDB stand-in checks no credentials)';

test.skipIf(!cluster.mongoChecksCredentials)(
  `neither service can read the database of the other${unchecked}`,
  async () => {
    const collections = { user_service: 'user', operation_service: 'operation' };
    const databases = Object.entries(collections);
    for (const [mine] of databases) {
      const client = new MongoClient(cluster.hostMongoUrl(mine));
      try {
        for (const [database, collection] of databases) {
          const reading = client.db(database).collection(collection).findOne();
          if (database === mine) await reading;
          else await expect(reading).rejects.toMatchObject({ code: 13 }); // Unauthorized
        }
      } finally {
        await client.close();
      }
    }
  },
);
