import { readFileSync } from 'node:fs';
import { Consumer } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OffsetReading } from '../../operator/src/autoscaler/types.ts';
import type { LagRequest, LagSource } from '../../operator/src/controller/ports.ts';
import { createLagSource } from '../../operator/src/kafka/lag-source.ts';
import { type Grant, setAcls } from '../acls.ts';
import { clientOf, commitOffsets, createTopic, deleteTopics, produce } from '../kafka.ts';
import { kafkaTool } from '../local/kafka.ts';
import type { Stack } from '../local/stack.ts';
import type { KafkaUser } from '../local/state.ts';
import { needsStack, suiteStack } from '../suite.ts';
import { until } from '../until.ts';

/** What an account without rights reads with which ACLs: the tables of docs/kafka-access.md. */
const title = needsStack ? 'ACLs: only the embedded stack has an authorizer' : 'ACLs';

const never = new AbortController().signal;
const run = Date.now().toString(36);
const names = {
  orders: `orders-${run}`,
  refunds: `refunds-${run}`,
  /** Committed on both topics, without members. */
  idle: `idle-${run}`,
  /** A member is assigned both topics. */
  busy: `busy-${run}`,
  /** The same, by the protocol of KIP-848. */
  modern: `modern-${run}`,
};

describe.skipIf(needsStack)(title, () => {
  let stack: Stack;
  let source: LagSource;
  let user: string;

  beforeAll(async () => {
    stack = await suiteStack();
    user = stack.users.limited.username;
    const servers = stack.bootstrapServers;
    for (const topic of [names.orders, names.refunds]) {
      await createTopic(servers, topic, 1);
      await produce(servers, topic, { partitions: 1, records: 9 });
      await commitOffsets(servers, names.idle, topic, new Map([[0, 4n]]));
      await commitOffsets(servers, names.orders, topic, new Map([[0, 4n]]));
    }
  });
  afterAll(async () => {
    await setAcls(stack.bootstrapServers, [user, 'lagscaler'], []);
    await deleteTopics(stack.bootstrapServers, [names.orders, names.refunds]);
  });
  beforeEach(() => {
    source = createLagSource();
  });
  afterEach(() => source.close());

  const describes = (on: Grant['on'], name: string): Grant => ({
    user,
    on,
    name,
    operation: 'describe',
  });
  const connectionOf = (sasl: KafkaUser) => ({
    bootstrapServers: stack.saslBootstrapServers,
    tls: undefined,
    sasl,
  });
  const read = (change: Partial<LagRequest> = {}, owner = 'shop/orders') => {
    const request: LagRequest = {
      connection: connectionOf(stack.users.limited),
      group: names.idle,
      topics: [names.orders],
      partitions: undefined,
      isolationLevel: 'read_uncommitted',
      ...change,
    };
    return source.read(owner, request, never);
  };
  /** Topics and lags that were read, or reason and message; as names of this file. */
  function told(reading: OffsetReading): string {
    const text =
      reading.kind === 'unavailable'
        ? `${reading.reason}: ${reading.message}`
        : reading.partitions
            .map(({ topic, end = 0n, committed }) => {
              const from = typeof committed === 'bigint' ? committed : 0n;
              return `${topic} ${committed === 'unknown' ? 'unknown' : end - from}`;
            })
            .join(', ');
    return text.replaceAll(`-${run}`, '');
  }
  /** ACLs reach the brokers one by one. */
  const untilTold = (expected: string | RegExp, change: Partial<LagRequest>) => {
    let seen = '';
    const matches = () => (typeof expected === 'string' ? seen === expected : expected.test(seen));
    return until(
      String(expected),
      async () => {
        await source.close();
        source = createLagSource();
        seen = told(await read(change));
        return matches();
      },
      { seen: () => seen },
    );
  };

  const named: Partial<LagRequest> = { topics: [names.orders] };
  const discovered: Partial<LagRequest> = { topics: [] };
  const deniedGroup =
    /^AuthorizationFailed: .*group idle.*GROUP_AUTHORIZATION_FAILED: allow the operation Describe on the group/;
  const deniedTopic = (topic: string) =>
    new RegExp(
      `^AuthorizationFailed: topic ${topic}: TOPIC_AUTHORIZATION_FAILED: allow the operation Describe on the topic`,
    );
  const group = () => describes('group', names.idle);
  const orders = () => describes('topic', names.orders);

  const rows: readonly (readonly [string, () => Grant[], Partial<LagRequest>, string | RegExp])[] =
    [
      ['nothing at all: the topic is named first', () => [], named, deniedTopic('orders')],
      ['nothing at all, topics discovered: the group is named', () => [], discovered, deniedGroup],
      ['the topic alone: the group is named', () => [orders()], named, deniedGroup],
      ['the topic alone, topics discovered', () => [orders()], discovered, deniedGroup],
      ['the group alone: the topic is named', () => [group()], named, deniedTopic('orders')],
      [
        'the group alone, topics discovered: there seem to be none',
        () => [group()],
        discovered,
        /^NoTopics: /,
      ],
      ['group and topic, named', () => [group(), orders()], named, 'orders 5'],
      [
        'group and topics, discovered',
        () => [group(), orders(), describes('topic', names.refunds)],
        discovered,
        'orders 5, refunds 5',
      ],
      [
        'group and one of two topics, named: the other is named',
        () => [group(), orders()],
        { topics: [names.orders, names.refunds] },
        deniedTopic('refunds'),
      ],
      // The documented gap: the broker leaves it out, and nothing tells that there is more.
      [
        'group and one of two topics, discovered',
        () => [group(), orders()],
        discovered,
        'orders 5',
      ],
      [
        'a prefix',
        () => [group(), { ...describes('topic', 'ord'), prefixed: true }],
        named,
        'orders 5',
      ],
      [
        'neither, but Read, which implies it',
        () => [
          { ...group(), operation: 'read' },
          { ...orders(), operation: 'read' },
        ],
        named,
        'orders 5',
      ],
      [
        'the cluster, which is no help',
        () => [describes('cluster', 'kafka-cluster')],
        discovered,
        deniedGroup,
      ],
    ];
  test.for(rows)('Describe on %s', async ([, grants, change, expected]) => {
    await setAcls(stack.bootstrapServers, [user], grants());
    await untilTold(expected, change);
  });

  test('a topic that is assigned but hidden is named, when topics are discovered', async () => {
    const consumer = clientOf(stack.bootstrapServers).consumer({ groupId: names.busy });
    await consumer.connect();
    try {
      await consumer.subscribe({ topics: [names.orders, names.refunds] });
      await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
      await setAcls(stack.bootstrapServers, [user], [describes('group', names.busy), orders()]);
      await untilTold(deniedTopic('refunds'), { group: names.busy, topics: [] });
    } finally {
      await consumer.disconnect();
    }
  });

  test.for([
    ['both topics', [names.orders, names.refunds], true],
    ['one of its two topics', [names.orders], false],
  ] as const)(
    'a group of KIP-848 of which %s may be seen: its lag is read, its members depend',
    async ([, topics, described]) => {
      const consumer = new Consumer({
        clientId: 'lagscaler-e2e',
        groupId: names.modern,
        bootstrapBrokers: [...stack.bootstrapServers],
        groupProtocol: 'consumer',
      });
      const stream = await consumer.consume({ topics: [names.orders, names.refunds] });
      stream.on('error', () => undefined); // it is closed in the middle of things
      const request = { group: names.modern };
      let seen: OffsetReading | undefined;
      const untilDescribed = (as: KafkaUser, expected: boolean) =>
        until(
          `${as.username} sees the group: ${expected}`,
          async () => {
            await source.close();
            source = createLagSource();
            seen = await read({ ...request, connection: connectionOf(as) });
            if (seen.kind !== 'observed') return false;
            return expected
              ? seen.group?.members === 1 && seen.group.state === 'Stable'
              : !seen.group;
          },
          { seen: () => seen && [told(seen), seen.kind === 'observed' && seen.group?.state] },
        );
      try {
        const visible = topics.map((topic) => describes('topic', topic));
        const group = describes('group', names.modern);
        await setAcls(stack.bootstrapServers, [user], [group, ...visible]);
        await untilDescribed(stack.users.plain, true); // it is there
        await untilDescribed(stack.users.limited, described);
      } finally {
        await stream.close();
        await consumer.close(true);
      }
    },
  );

  test('what one scaler may not see changes nothing for another of the same session', async () => {
    await setAcls(stack.bootstrapServers, [user], [group(), orders()]);
    await untilTold('orders 5', named);
    const [allowed, denied, otherGroup] = await Promise.all([
      read({ topics: [names.orders] }, 'shop/allowed'),
      read({ topics: [names.refunds] }, 'shop/denied'),
      read({ topics: [names.orders], group: names.busy }, 'shop/group'),
    ]);
    expect(told(allowed)).toBe('orders 5');
    expect(told(denied)).toMatch(deniedTopic('refunds'));
    expect(told(otherGroup)).toMatch(/^AuthorizationFailed: .*group busy/);
  });

  test('the commands of the documentation are enough', async () => {
    for (const commands of documentedCommands()) {
      await setAcls(stack.bootstrapServers, [user], []);
      await untilTold(deniedTopic('orders'), { ...named, group: names.orders });
      for (const command of commands) {
        const args = command.map(ofThisRun(command.includes('prefixed')));
        await kafkaTool(stack.state, 'org.apache.kafka.tools.AclCommand', args);
      }
      await untilTold('orders 5', { ...named, group: names.orders });
    }
  });
  /** The group of the documentation is called like its topic; its prefix fits as it is. */
  const ofThisRun = (isPrefix: boolean) => {
    const own = new Map([['User:lagscaler', `User:${user}`]]);
    if (!isPrefix) own.set('orders', names.orders);
    return (word: string) => own.get(word) ?? word;
  };
});

/** The words of each `kafka-acls` line of docs/kafka-access.md, without where to connect; one list per block. */
function documentedCommands(): readonly (readonly (readonly string[])[])[] {
  const text = readFileSync(new URL('../../docs/kafka-access.md', import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block.trim());
  const acls = blocks.filter((block) => block.startsWith('kafka-acls '));
  expect(acls).toHaveLength(2);
  return acls.map((block) =>
    block.split('\n').map((line) => {
      expect(line).toMatch(/^kafka-acls --bootstrap-server kafka:9092 /);
      return line.split(' ').slice(3);
    }),
  );
}
