import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endOffsets } from '../kafka.ts';
import { doubleRecords, type NewRecord, produceRecords, readTopics } from '../kafka-records.ts';
import {
  deadLetterTopic,
  readOperations,
  readUsers,
  type SagaTopic,
  sagaTopics,
  untilSettled,
} from '../saga.ts';
import { watchHistory } from '../saga-history.ts';
import { postSteadily, postUser } from '../saga-posts.ts';
import { type SagaRun, startSagaRun } from '../saga-run.ts';
import type { Service, ServiceName } from '../services.ts';
import { suiteCluster } from '../suite.ts';
import { until } from '../until.ts';

/** What the services must not do, each in a test of its own. At the end of each the balance is that of all. */

const { cluster } = await suiteCluster();
const servers = cluster.bootstrapServers;
const names = ['operation-service', 'user-service', 'user-approval-service'] as const;
const partitions = 6;
let saga: SagaRun;
type Load = ReturnType<typeof postSteadily>;
beforeAll(async () => {
  saga = await startSagaRun(cluster, { partitions });
});
afterAll(() => saga?.stop());

async function recordsIn(topic: string): Promise<bigint> {
  return [...(await endOffsets(servers, topic)).values()].reduce((sum, end) => sum + end, 0n);
}

/** So that no member of the group is spared. */
function inEveryPartition(topic: string, values: readonly (string | null)[]): NewRecord[] {
  return values.flatMap((text) =>
    Array.from({ length: partitions }, (_, partition) => ({
      topic,
      partition,
      key: null,
      value: text === null ? null : Buffer.from(text),
    })),
  );
}

describe('D1: the operation is stored before its message is produced', () => {
  test('D1: an insert that takes 2 s: every operation becomes terminal, and stays so', async () => {
    const history = watchHistory(cluster);
    await saga.replace('operation-service', { FAULT_AT: 'operation-inserting:delay=2000' });
    await saga.post(10);
    await saga.balance();
    await saga.replace('operation-service');
    expect(await history.end()).toEqual([]);
  });

  test('D1: killed between store and produce: it is produced after the restart', async () => {
    const before = [
      await recordsIn('user-create'),
      (await readOperations(cluster)).length,
    ] as const;
    const history = watchHistory(cluster);
    const doomed = await saga.replace('operation-service', { FAULT_AT: 'operation-stored:kill' });
    await expect(postUser(saga.url(), { name: 'hans' })).rejects.toThrow();
    expect(await doomed.exited).toBe(null);
    expect(await recordsIn('user-create')).toBe(before[0]);
    const stored = (await readOperations(cluster)).length;
    expect(stored).toBe(before[1] + 1);

    await saga.replace('operation-service');
    expect((await saga.balance()).operations).toBe(stored);
    expect(await history.end()).toEqual([]);
  });
});

describe('D2: a message that comes twice is handled once', () => {
  const rebalances = async (name: ServiceName) =>
    (await saga.service(name).metrics()).sum('demo_rebalances_total') ?? 0;

  /** A member joins the group, or leaves it, while users come in: the one that stays joins anew. */
  async function rebalanced<T>(name: ServiceName, load: Load, change: () => Promise<T>) {
    const before = await rebalances(name);
    const accepted = load.accepted.size;
    const changed = await change();
    await until(`a rebalance of ${name}`, async () => (await rebalances(name)) > before);
    expect(load.accepted.size).toBeGreaterThan(accepted);
    return changed;
  }

  async function joins(name: ServiceName, load: Load): Promise<Service> {
    const member = await rebalanced(name, load, () => saga.add(name, { WORK_MS: '1' }));
    await until(`the new ${name} handles records`, async () => {
      return ((await member.metrics()).sum('demo_messages_consumed_total') ?? 0) > 0;
    });
    return member;
  }

  const leaves = (member: Service, load: Load) =>
    rebalanced(member.name, load, async () => expect(await member.stop()).toBe(0));

  /** How often an operation came to its end, as these processes counted it. */
  async function ends(services: readonly Service[]): Promise<number> {
    const texts = await Promise.all(services.map((service) => service.metrics()));
    return texts.reduce(
      (sum, text) => sum + (text.sum('demo_saga_duration_seconds_count') ?? 0),
      0,
    );
  }

  async function underLoad<T>(happens: (load: Load) => Promise<T>): Promise<T> {
    const load = postSteadily(saga.url, 20);
    try {
      return await happens(load);
    } finally {
      const posts = await load.stop();
      for (const [uuid, name] of posts.accepted) saga.accepted.set(uuid, name);
      expect(Object.fromEntries(posts.statuses)).toEqual({ 202: posts.accepted.size });
    }
  }

  test('D2: every message of all topics twice, at once, while members come and go', async () => {
    const doubler = await doubleRecords(servers, sagaTopics);
    const history = watchHistory(cluster);
    const resident = saga.service('operation-service');
    const before = { ends: await ends([resident]), operations: saga.accepted.size };
    const second = await underLoad(async (load) => {
      const member = await joins('operation-service', load);
      for (const name of ['user-service', 'user-approval-service'] as const)
        await leaves(await joins(name, load), load);
      return member;
    });
    await untilSettled(cluster);
    // What a process counted ends with it, so that one leaves only now.
    expect((await ends([resident, second])) - before.ends).toBe(
      saga.accepted.size - before.operations,
    );
    await underLoad((load) => leaves(second, load));
    await untilSettled(cluster);
    await doubler.stop();
    const { operations, duplicates } = await saga.balance();
    console.log(`D2: ${doubler.doubled()} doubled, ${JSON.stringify(duplicates)}`);
    expect(Math.min(...Object.values(duplicates))).toBeGreaterThanOrEqual(operations);
    expect(await history.end()).toEqual([]);
  });

  test('D2: every message of all topics once more, long after: nothing is changed', async () => {
    const stored = [await readOperations(cluster), await readUsers(cluster)];
    const ended = await ends([saga.service('operation-service')]);
    const records = await readTopics(servers, sagaTopics);
    await produceRecords(servers, records.slice(0, records.length / 2));
    const more = await Promise.all(names.map((name) => saga.add(name, { WORK_MS: '1' })));
    await produceRecords(servers, records.slice(records.length / 2));
    await untilSettled(cluster);
    const finishers = more.filter(({ name }) => name === 'operation-service');
    expect(await ends([saga.service('operation-service'), ...finishers])).toBe(ended);
    await Promise.all(more.map((service) => service.stop()));
    await saga.balance();
    expect([await readOperations(cluster), await readUsers(cluster)]).toEqual(stored);
  });
});

describe('D4: poison', () => {
  const envelope = {
    uuid: randomUUID(),
    type: 'user-create',
    state: 'pending',
    data: { name: 'hans', createdAt: 'x', uuid: randomUUID(), approved: 'pending' },
    response: { state: 'pending' },
  };
  const text = (change: object) => JSON.stringify({ ...envelope, ...change });
  const withData = (change: object) => text({ data: { ...envelope.data, ...change } });
  const common = [null, '', 'no JSON', '[]', '7', text({ data: null }), text({ uuid: 7 })];
  const nameless = [withData({ name: undefined }), withData({ name: 7 }), withData({ name: '' })];

  test.for<[SagaTopic, ServiceName, readonly (string | null)[]]>([
    ['user-create', 'user-service', [...common, ...nameless]],
    ['user-approve', 'user-approval-service', [...common, ...nameless, withData({ uuid: 7 })]],
    [
      'user-approve-response',
      'user-service',
      [
        ...common,
        withData({ uuid: undefined, approved: 'true' }),
        withData({ approved: true }),
        withData({ approved: 'maybe' }),
      ],
    ],
    [
      'user-create-response',
      'operation-service',
      [...common, text({ response: null }), text({ response: {} }), text({ response: 'failed' })],
    ],
  ])('D4: on %s it is put aside, and what follows is handled', async ([topic, name, poison]) => {
    const service = saga.service(name);
    const deadLetters = async () =>
      (await service.metrics()).sum('demo_messages_dead_lettered_total', { topic }) ?? 0;
    const before = [await deadLetters(), await recordsIn(deadLetterTopic(topic))] as const;
    // Ahead of the messages to come.
    const everywhere = inEveryPartition(topic, poison);
    await produceRecords(servers, everywhere);
    await saga.post(3 * partitions);
    await saga.balance();
    expect(await deadLetters()).toBe(before[0] + everywhere.length);
    expect(await recordsIn(deadLetterTopic(topic))).toBe(before[1] + BigInt(everywhere.length));
    expect(await service.status('/healthz')).toBe(200);
  });
});

describe('D5: the data of the user', () => {
  test('D5: fields that nobody knows arrive in the operation and in the user', async () => {
    const body = { name: 'hans', email: 'h@x', tags: ['a', { b: 1 }], born: { year: 1990.5 } };
    const { uuid = '' } = await postUser(saga.url(), body);
    saga.accepted.set(uuid, 'hans');
    await saga.balance();
    const operation = (await readOperations(cluster)).find((one) => one['uuid'] === uuid);
    const user = (await readUsers(cluster)).find((one) => one['operationUuid'] === uuid);
    expect(operation?.['data']).toMatchObject(body);
    expect(user).toMatchObject(body);
    const shown = await fetch(`${saga.url()}/operation/get/${uuid}`);
    expect(await shown.json()).toMatchObject({ state: 'completed', data: body });
  });

  test('D5: a name that is no text is refused, and nothing is stored or produced', async () => {
    const before = [await recordsIn('user-create'), await readOperations(cluster)];
    expect((await postUser(saga.url(), { name: 7 })).status).toBe(400);
    expect([await recordsIn('user-create'), await readOperations(cluster)]).toEqual(before);
  });
});

/** Takes the half minute after which a standstill is one. */
test('D4: /healthz turns red in every service whose consume loop stands still', async () => {
  const hang = { FAULT_AT: 'message-begun:hang' };
  const hung = await Promise.all(names.map((name) => saga.replace(name, hang)));
  const consumed = ['user-create', 'user-approve', 'user-create-response'];
  await produceRecords(
    servers,
    consumed.flatMap((topic) => inEveryPartition(topic, ['poison'])),
  );
  expect(await Promise.all(hung.map((service) => service.status('/healthz')))).toEqual([
    200, 200, 200,
  ]);
  const isRed = async (service: Service) =>
    until(
      `/healthz of ${service.name} is red`,
      async () => {
        return (await service.status('/healthz')) === 503;
      },
      { withinMs: 60_000, everyMs: 500 },
    );
  await Promise.all(hung.map(isRed));
  expect((await postUser(saga.url(), { name: 'hans' })).status).toBe(202);
  await Promise.all(hung.map((service) => service.kill('SIGKILL')));
  await Promise.all(names.map((name) => saga.replace(name)));
  await saga.balance();
});
