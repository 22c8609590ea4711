import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { groupLag } from '../kafka.ts';
import { produceRecords, readTopics } from '../kafka-records.ts';
import type { Stack } from '../local/stack.ts';
import { brokerIds } from '../local/state.ts';
import { readOperations, sagaGroups } from '../saga.ts';
import { answersWhile } from '../saga-answers.ts';
import { type Posts, postSteadily, postUser } from '../saga-posts.ts';
import { type SagaRun, startSagaRun } from '../saga-run.ts';
import { needsStack, suiteCluster, suiteStack } from '../suite.ts';
import { until } from '../until.ts';

/** Brokers and MongoDB fail under load: whatever was accepted becomes terminal, once. */
const title = needsStack ? `outages: ${needsStack}` : 'outages';

describe.skipIf(needsStack)(title, async () => {
  const { cluster } = await suiteCluster();
  let stack: Stack;
  let saga: SagaRun;
  beforeAll(async () => {
    stack = await suiteStack();
    saga = await startSagaRun(cluster, { partitions: 12, env: { WORK_MS: '10' } });
  });
  afterEach(() => stack.heal());
  afterAll(() => saga?.stop());

  /** Users come in while `happens` goes on; what was accepted is part of the balance. */
  async function whilePosting(perSecond: number, happens: () => Promise<unknown>): Promise<Posts> {
    const load = postSteadily(saga.url, perSecond);
    try {
      await until('a first user', () => load.accepted.size > 0);
      await happens();
    } finally {
      await load.stop();
      for (const [uuid, name] of load.accepted) saga.accepted.set(uuid, name);
    }
    return load.stop();
  }

  const seconds = (count: number) => {
    const from = Date.now();
    return until(`${count} s of load`, () => Date.now() - from > count * 1000, {
      withinMs: count * 1000 + 5000,
    });
  };
  const servers = cluster.bootstrapServers;
  const lagOf = async (group: keyof typeof sagaGroups) =>
    Number(await groupLag(servers, group, sagaGroups[group]));
  const names = ['operation-service', 'user-service', 'user-approval-service'] as const;
  /** Longer than what counts as a standstill: an outage alone is none. */
  const longSeconds = 40;
  const live = () => names.map((name) => [saga.service(name), '/healthz'] as const);
  const counts = ({ statuses }: Posts) => Object.fromEntries(statuses);

  test('a broker is killed under load and comes back: every POST is accepted, nothing is lost', async () => {
    const posts = await whilePosting(40, async () => {
      await seconds(2);
      await stack.kafka.broker(2).kill();
      await seconds(10);
      await stack.kafka.broker(2).start();
      await seconds(3);
    });
    expect(counts(posts)).toEqual({ 202: posts.accepted.size });
    const { duplicates } = await saga.balance(90_000);
    console.log(`broker killed: ${posts.accepted.size} operations, ${JSON.stringify(duplicates)}`);
  });

  test('all brokers stand still for 40 s, messages in hand: POST as ever, nobody to be restarted', async () => {
    const posts = await whilePosting(20, async () => {
      const burst = saga.post(300);
      await until('records in hand', async () => (await lagOf('user-approval-service')) > 50, {
        everyMs: 20,
      });
      await Promise.all(brokerIds.map((id) => stack.kafka.broker(id).freeze()));
      const ready = [saga.service('operation-service'), '/readyz'] as const;
      const answers = await answersWhile([...live(), ready], async () => {
        await burst;
        await seconds(longSeconds);
      });
      const pending = (await readOperations(cluster)).filter(({ state }) => state === 'pending');
      expect(pending.length).toBeGreaterThan(300);
      expect(answers).toEqual([200]);
      await Promise.all(brokerIds.map((id) => stack.kafka.broker(id).resume()));
    });
    expect(counts(posts)).toEqual({ 202: posts.accepted.size });
    expect(Math.max(...posts.latenciesMs)).toBeLessThan(1_000);
    await saga.balance(90_000);
  });

  test('MongoDB stands still for 40 s, messages in hand: nobody to be restarted, then all is done', async () => {
    await saga.post(12);
    await saga.balance();
    const records = [
      ...(await readTopics(servers, ['user-create'])).slice(-100),
      ...(await readTopics(servers, ['user-create-response'])).slice(-100),
    ];
    const posts = await whilePosting(10, async () => {
      await stack.mongo.freeze();
      const answers = await answersWhile(live(), async () => {
        // Also what was handled before cannot be told from news without the database.
        await produceRecords(servers, records);
        await seconds(longSeconds);
      });
      expect(await lagOf('operation-service')).toBeGreaterThan(0);
      expect(await lagOf('user-service')).toBeGreaterThan(0);
      expect(answers).toEqual([200]);
      await stack.mongo.resume();
      await until('a POST is accepted again', async () => {
        const { status, uuid } = await postUser(saga.url(), { name: 'hans' });
        if (uuid !== undefined) saga.accepted.set(uuid, 'hans');
        return status === 202;
      });
    });
    const { 202: accepted, 503: refused, ...others } = counts(posts);
    expect(others).toEqual({});
    expect(accepted).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(100);
    await saga.balance(90_000);
  });

  test('MongoDB is killed and comes back: POST answers 503 meanwhile, and what was accepted is done', async () => {
    const posts = await whilePosting(40, async () => {
      await seconds(2);
      await stack.mongo.kill();
      await until('a POST is refused', async () => {
        const { status } = await postUser(saga.url(), { name: 'hans' });
        return status === 503;
      });
      expect(await saga.service('operation-service').status('/healthz')).toBe(200);
      await seconds(5);
      expect(await saga.service('user-service').status('/readyz')).toBe(503);
      await stack.mongo.start();
      await until('a POST is accepted again', async () => {
        const { status, uuid } = await postUser(saga.url(), { name: 'hans' });
        if (uuid !== undefined) saga.accepted.set(uuid, 'hans');
        return status === 202;
      });
      await seconds(2);
    });
    const { 202: accepted, 503: refused, ...others } = counts(posts);
    expect(others).toEqual({});
    expect(accepted).toBeGreaterThan(50);
    expect(refused).toBeGreaterThan(20);
    await saga.balance(90_000);
  });

  test('no approval service for a minute: 1,000 users are accepted and pending, then all are done', async () => {
    await saga.service('user-approval-service').stop();
    const posts = await whilePosting(20, () => seconds(50));
    const missing = Math.max(0, 1_000 - posts.accepted.size);
    const rest = await saga.post(missing);
    expect(counts(posts)).toEqual({ 202: posts.accepted.size });
    await seconds(5);
    const mine = new Set([...posts.accepted.keys(), ...rest.accepted.keys()]);
    const states = (await readOperations(cluster))
      .filter(({ uuid }) => mine.has(uuid))
      .map(({ state }) => state);
    expect(states).toEqual([...mine].map(() => 'pending'));
    expect(mine.size).toBeGreaterThanOrEqual(1_000);

    await saga.replace('user-approval-service', { WORK_MS: '5' });
    const more = await Promise.all(
      [1, 2].map(() => saga.add('user-approval-service', { WORK_MS: '5' })),
    );
    await saga.balance(150_000);
    expect(await Promise.all(more.map((service) => service.stop()))).toEqual([0, 0]);
  });
});
