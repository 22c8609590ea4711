import { ConnectionPool, findCoordinatorV6 } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LagWatch, type Subject, type Truth } from '../faults/lag-watch.ts';
import type { Fault } from '../faults/pair.ts';
import { type FaultProxy, startFaultProxies } from '../faults/proxy.ts';
import { commitOffsets, deleteTopics, produce, withAdmin } from '../kafka.ts';
import { kafkaTool, probeGroups } from '../local/kafka.ts';
import { offsetsPartitions } from '../local/kafka-config.ts';
import type { Stack } from '../local/stack.ts';
import { type BrokerId, brokerIds } from '../local/state.ts';
import { needsStack, suiteStack } from '../suite.ts';
import { until } from '../until.ts';

/**
 * The reader against real brokers that fail, without an operator around it: every reading settles within
 * its deadline, may say that it does not know, never says what is not true, and is right again one tick
 * after the cluster answers.
 */
const title = needsStack ? `faults: ${needsStack}` : 'faults';
const run = Date.now().toString(36);
const spreadPartitions = [0, 1, 2, 3, 4, 5];

describe.skipIf(needsStack)(title, async () => {
  let stack: Stack;
  let watch: LagWatch;
  /** On broker n lie the only replica of topic n, and the coordinator of group n. */
  let groups: Readonly<Record<BrokerId, string>>;
  const alone = (id: BrokerId) => `alone-${id}-${run}`;
  const everywhere = `everywhere-${run}`;
  const servers = () => stack.bootstrapServers;

  beforeAll(async () => {
    stack = await suiteStack();
    const topics = brokerIds.map((id) => ({
      topic: alone(id),
      replicaAssignment: [{ partition: 0, replicas: [id] }],
    }));
    const spread = { topic: everywhere, numPartitions: 6, replicationFactor: 3 };
    await withAdmin(servers(), (admin) =>
      admin.createTopics({ topics: [...topics, spread], waitForLeaders: true }),
    );
    for (const id of brokerIds) {
      await produce(servers(), alone(id), { partitions: 1, records: 10 * id });
    }
    await produce(servers(), everywhere, { partitions: 6, records: 60 });
    await settle();
  });

  /** Leaders and coordinators where they belong: a restart leaves them on the brokers that stayed. */
  async function settle(): Promise<void> {
    const args = ['--election-type', 'PREFERRED', '--all-topic-partitions'];
    await kafkaTool(stack.state, 'org.apache.kafka.tools.LeaderElectionCommand', args);
    groups = await until('every broker coordinates a group', () => groupPerBroker(servers()));
    for (const id of brokerIds) {
      const commit = (topic: string, partitions: readonly number[]) =>
        commitOffsets(
          servers(),
          groups[id],
          topic,
          new Map(partitions.map((p) => [p, BigInt(id)])),
        );
      for (const topic of brokerIds) await commit(alone(topic), [0]);
      await commit(everywhere, spreadPartitions);
    }
  }

  afterEach(() => watch.close());
  afterAll(async () => {
    await stack.heal();
    await deleteTopics(servers(), [...brokerIds.map(alone), everywhere]);
  });

  const truthOf = (id: BrokerId, topics: readonly string[]): ReadonlyMap<string, Truth> => {
    const committed = BigInt(id);
    const lines = brokerIds.map(
      (n) => [`${alone(n)}/0`, { committed, end: BigInt(10 * n) }] as const,
    );
    const spread = spreadPartitions.map(
      (p) => [`${everywhere}/${p}`, { committed, end: 10n }] as const,
    );
    return new Map(
      [...lines, ...spread].filter(([key]) => topics.some((t) => key.startsWith(`${t}/`))),
    );
  };
  const subject = (name: string, id: BrokerId, topics: readonly string[]): Subject => ({
    name,
    group: groups[id],
    topics,
    truth: truthOf(id, topics),
  });
  /** All of it on one broker. */
  const onlyOn = (id: BrokerId) => subject(`only-${id}`, id, [alone(id)]);
  /** The group on one broker, the topics on all. */
  const across = (id: BrokerId) => subject(`across-${id}`, id, brokerIds.map(alone));
  /** Topics with a replica everywhere: what survives the loss of a broker. */
  const replicated = (id: BrokerId) => subject(`replicated-${id}`, id, [everywhere]);

  describe('on the way to the brokers', () => {
    let proxies: readonly FaultProxy[];
    beforeEach(async () => {
      proxies = await startFaultProxies(servers());
      const bootstrap = proxies.map(({ address }) => `${address.host}:${address.port}`);
      watch = new LagWatch(
        bootstrap,
        brokerIds.flatMap((id) => [onlyOn(id), across(id)]),
      );
      await watch.until('everything is read', (tick) => tick.isRight);
    });
    afterEach(() => Promise.all(proxies.map((proxy) => proxy.close())));

    const faults: readonly (readonly [string, Fault])[] = [
      ['that goes silent', { kind: 'silent' }],
      ['that refuses connections', { kind: 'refuse' }],
      ['that cuts each answer in the middle', { kind: 'cut' }],
      ['that closes its side instead of answering', { kind: 'halfClose' }],
      ['whose answers trickle', { kind: 'throttle', bytesPerSecond: 20 }],
    ];

    test.for(faults)(
      'a broker %s: its group and topic are unknown, and nothing else',
      async ([, fault]) => {
        await proxies[1]?.set(fault); // of broker 2
        await watch.until(
          'its group is unknown',
          (tick) => tick.verdict('only-2') === 'unavailable',
        );
        for (let ticks = 0; ticks < 4; ticks += 1) {
          const { verdict, readings } = await watch.tick();
          expect(['only-1', 'only-3'].map(verdict)).toEqual(['right', 'right']);
          expect(['only-2', 'across-2'].map(verdict)).toEqual(['unavailable', 'unavailable']);
          expect(['across-1', 'across-3'].map(verdict)).toEqual(['incomplete', 'incomplete']);
          expect(readings.get('across-1')).toMatchObject({
            gaps: expect.stringContaining(`broker 2 at 127.0.0.1:${proxies[1]?.address.port}: `),
          });
        }
        await proxies[1]?.set({ kind: 'none' });
        await watch.expectRightAgain();
      },
    );

    test.for(faults)('a cluster %s: unavailable, and right again', async ([, fault]) => {
      await Promise.all(proxies.map((proxy) => proxy.set(fault)));
      const names = brokerIds.flatMap((id) => [`only-${id}`, `across-${id}`]);
      await watch.until('nothing is known', ({ verdict }) =>
        names.every((name) => verdict(name) === 'unavailable'),
      );
      for (let ticks = 0; ticks < 4; ticks += 1) {
        const { verdict } = await watch.tick();
        expect(new Set(names.map(verdict))).toEqual(new Set(['unavailable']));
      }
      await Promise.all(proxies.map((proxy) => proxy.set({ kind: 'none' })));
      await watch.expectRightAgain();
    });

    test('answers that come 1.5 s late: those of one broker delay no others, and none is wrong', async () => {
      const late = { kind: 'delay', ms: 1500 } as const;
      await proxies[1]?.set(late);
      for (let ticks = 0; ticks < 4; ticks += 1) {
        const { verdict } = await watch.tick();
        expect(['only-1', 'only-3'].map(verdict)).toEqual(['right', 'right']);
      }
      await Promise.all(proxies.map((proxy) => proxy.set(late)));
      for (let ticks = 0; ticks < 4; ticks += 1) await watch.tick();
      await Promise.all(proxies.map((proxy) => proxy.set({ kind: 'none' })));
      await watch.expectRightAgain();
    });
  });

  describe('of the brokers', () => {
    const isKnown = (tick: { isRight: boolean }) => tick.isRight;
    beforeEach(async () => {
      await stack.heal();
      await settle();
      watch = new LagWatch(servers(), brokerIds.map(replicated));
      await watch.until('everything is read', isKnown);
    });

    test.for([
      ['frozen', (id: BrokerId) => stack.kafka.broker(id).freeze()],
      ['killed', (id: BrokerId) => stack.kafka.broker(id).kill()],
      ['stopped', (id: BrokerId) => stack.kafka.broker(id).stop()],
    ] as const)(
      'one of three is %s: its group is read from the next coordinator while it is still away, and all stays right when it is back',
      async ([, strike]) => {
        const gone = strike(2);
        await watch.during(gone);
        await watch.until('all is read without it', isKnown);
        await watch.during(stack.heal());
        await watch.expectRightAgain();
      },
    );

    test('all three are frozen: unavailable, and right again when they go on', async () => {
      await Promise.all(brokerIds.map((id) => stack.kafka.broker(id).freeze()));
      const names = brokerIds.map((id) => `replicated-${id}`);
      for (let ticks = 0; ticks < 5; ticks += 1) {
        const { verdict } = await watch.tick();
        expect(names.map(verdict)).toEqual(Array(3).fill('unavailable'));
      }
      await Promise.all(brokerIds.map((id) => stack.kafka.broker(id).resume()));
      await watch.expectRightAgain();
    });

    test('all three are killed: unavailable, and right again when they are back', async () => {
      await Promise.all(brokerIds.map((id) => stack.kafka.broker(id).kill()));
      const names = brokerIds.map((id) => `replicated-${id}`);
      await watch.until('nothing is known', ({ verdict }) =>
        names.every((name) => verdict(name) === 'unavailable'),
      );
      await watch.during(stack.heal());
      await watch.expectRightAgain();
    });

    test('a rolling restart of all three: never wrong, and right after each', async () => {
      for (const id of brokerIds) {
        const broker = stack.kafka.broker(id);
        await watch.during(broker.stop());
        await watch.during(broker.start());
        await watch.during(stack.kafka.waitUntilHealthy());
        await watch.expectRightAgain();
      }
    });

    test('a leader moves: found by the reading that meets it', async () => {
      await watch.close();
      watch = new LagWatch(servers(), [onlyOn(1)]);
      await watch.until('everything is read', isKnown);
      const move = (to: BrokerId) =>
        withAdmin(servers(), async (admin) => {
          const partitionAssignment = [{ partition: 0, replicas: [to] }];
          await admin.alterPartitionReassignments({
            topics: [{ topic: alone(1), partitionAssignment }],
          });
          await until('the leader has moved', async () => {
            const { topics } = await admin.fetchTopicMetadata({ topics: [alone(1)] });
            return topics[0]?.partitions[0]?.leader === to;
          });
        });
      for (const to of [2, 3, 1] as const) {
        await watch.during(move(to));
        await watch.expectRightAgain();
      }
    });
  });
});

/** A group for each broker that coordinates one; undefined while some broker has none. */
async function groupPerBroker(servers: readonly string[]) {
  const pool = new ConnectionPool('lagscaler-e2e', { connectTimeout: 2000, requestTimeout: 5000 });
  try {
    const [host = '', port] = servers[0]?.split(':') ?? [];
    const connection = await pool.get({ host, port: Number(port) });
    const names = probeGroups(offsetsPartitions);
    const { coordinators } = await findCoordinatorV6.api.async(connection, 0, names);
    const of = (id: BrokerId) => coordinators.find((c) => c.nodeId === id)?.key;
    const [first, second, third] = brokerIds.map(of);
    return first && second && third ? { 1: first, 2: second, 3: third } : undefined;
  } finally {
    await pool.close();
  }
}
