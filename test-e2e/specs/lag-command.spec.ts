import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Consumer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lagCommand } from '../cli-command.ts';
import { createJavaMembers, type JavaMembers } from '../java-members.ts';
import { clientOf, commitOffsets, createTopic, produce, withAdmin } from '../kafka.ts';
import { kafkaTool } from '../local/kafka.ts';
import { describeGroupLag, type OracleLag, parseGroupLag } from '../local/lag-oracle.ts';
import type { Stack } from '../local/stack.ts';
import { needsStack, suiteCluster, suiteStack } from '../suite.ts';
import { until } from '../until.ts';

/**
 * `lagscaler lag` beside Kafka's own tool, for every kind of group, while nothing moves: consumers that
 * never commit, on topics that nobody writes to.
 */
const title = needsStack ? `lagscaler lag: ${needsStack}` : 'lagscaler lag';
const run = Date.now().toString(36);
const named = (what: string) => `lag-${what}-${run}`;

const orders = named('orders');
const refunds = named('refunds');
const single = named('single');
const deleted = named('deleted');
const recreated = named('recreated');

/** Groups with members, and how many of these own partitions. */
const withMembers = {
  eager: { group: named('eager'), members: 2 },
  crowded: { group: named('crowded'), members: 1 },
  cooperative: { group: named('cooperative'), members: 1 },
  range: { group: named('range'), members: 1 },
  kip848: { group: named('kip848'), members: 2 },
  streams: { group: named('streams'), members: 2 },
} as const;
const simple = named('simple');
const shared = named('shared');
const groups = [...Object.values(withMembers).map(({ group }) => group), simple];

describe.skipIf(needsStack)(title, async () => {
  const { cluster } = await suiteCluster();
  const servers = cluster.bootstrapServers;
  const bootstrap = ['--bootstrap', servers.join(',')];
  const folder = mkdtempSync(join(tmpdir(), 'lagscaler-lag-'));
  const consumers: Consumer[] = [];
  let stack: Stack;
  let java: JavaMembers;
  let oracle: readonly OracleLag[];
  let ours: readonly OracleLag[];

  beforeAll(async () => {
    stack = await suiteStack();
    java = createJavaMembers(stack.state);
    await fillTopics();
    await startMembers();
    oracle = await until('every group has its members', settledOracle, {
      withinMs: 90_000,
      seen: () => java.said().slice(-2_000),
    });
    const asked = groups.flatMap((group) => ['--group', group]);
    ours = parseGroupLag((await lagCommand([...bootstrap, '--sample', '0', ...asked])).stdout);
  });
  afterAll(async () => {
    await Promise.all([java.stop(), ...consumers.map((consumer) => consumer.disconnect())]);
    rmSync(folder, { recursive: true, force: true });
  });

  async function fillTopics(): Promise<void> {
    await createTopic(servers, orders, 4);
    await createTopic(servers, refunds, 2);
    for (const topic of [single, deleted, recreated]) await createTopic(servers, topic, 1);
    await produce(servers, orders, { partitions: 4, records: 80 });
    await produce(servers, refunds, { partitions: 2, records: 10 });
    for (const topic of [single, deleted])
      await produce(servers, topic, { partitions: 1, records: 9 });
    // Some behind, one up to date, one never committed.
    const offsets = new Map([
      [0, 3n],
      [1, 20n],
      [3, 0n],
    ]);
    const { eager, cooperative, range, kip848 } = withMembers;
    for (const { group } of [eager, cooperative, range, kip848]) {
      await commitOffsets(servers, group, orders, offsets);
    }
    await commitOffsets(servers, simple, orders, offsets);
    await commitOffsets(servers, simple, refunds, new Map([[1, 5n]]));
    await commitOffsets(servers, simple, deleted, new Map([[0, 2n]]));
    await commitOffsets(servers, simple, recreated, new Map([[0, 50n]]));
    await withAdmin(servers, async (admin) => {
      await admin.fetchTopicOffsets(deleted); // else kafkajs does not know who leads it
      await admin.deleteTopicRecords({
        topic: deleted,
        partitions: [{ partition: 0, offset: '6' }],
      });
    });
  }

  async function startMembers(): Promise<void> {
    const { eager, crowded, cooperative, range, kip848, streams } = withMembers;
    const assignor = (name: string) => ({
      'partition.assignment.strategy': `org.apache.kafka.clients.consumer.${name}`,
    });
    const sticky = { ...assignor('CooperativeStickyAssignor'), 'client.id': 'sticky' };
    const fixed = { ...assignor('RangeAssignor'), 'group.instance.id': 'static-0' };
    java.consume(cooperative.group, [orders], sticky);
    java.consume(range.group, [orders, refunds], fixed);
    for (const id of ['new-0', 'new-1']) {
      java.consume(kip848.group, [orders], { 'group.protocol': 'consumer', 'client.id': id });
    }
    java.streams(streams.group, [orders, refunds], folder);
    await kafkaTool(stack.state, 'org.apache.kafka.tools.FeatureCommand', [
      ...['upgrade', '--feature', 'share.version=1'],
    ]);
    java.share(shared, orders);
    await Promise.all([
      join2(eager.group, orders),
      join2(crowded.group, single), // one of the two has nothing to do
    ]);
  }

  /** Two members of kafkajs that read and never commit. */
  async function join2(groupId: string, topic: string): Promise<void> {
    for (const clientId of ['first', 'second']) {
      const consumer = clientOf(servers, `${groupId}-${clientId}`).consumer({ groupId });
      consumers.push(consumer);
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
    }
  }

  async function settledOracle(): Promise<readonly OracleLag[] | undefined> {
    const rows = await describeGroupLag(stack.state, ...groups);
    const owners = (group: string) =>
      new Set(rows.flatMap((row) => (row.group === group ? (row.consumerId ?? []) : []))).size;
    const settled = Object.values(withMembers).every((g) => owners(g.group) === g.members);
    // Kafka Streams is the only one that commits: it has to have come to the end.
    const streams = rows.filter((row) => row.group === withMembers.streams.group);
    return settled && streams.every(({ lag }) => lag === 0n) ? rows : undefined;
  }

  /** Row for row: offsets, lag, and who owns the partition. */
  function expectEqual(group: string): readonly OracleLag[] {
    const rowsOf = (all: readonly OracleLag[]) =>
      all.filter((row) => row.group === group).sort(byPartition);
    expect(rowsOf(ours)).toEqual(rowsOf(oracle));
    return rowsOf(ours);
  }
  const byPartition = (a: OracleLag, b: OracleLag) =>
    a.topic.localeCompare(b.topic) || a.partition - b.partition;

  /** `partition committed end lag`, `-` for none. */
  const told = (rows: readonly OracleLag[], topic: string) =>
    rows
      .filter((row) => row.topic === topic)
      .map((r) => [r.partition, r.committed ?? '-', r.end ?? '-', r.lag ?? '-'].join(' '));
  const ordersTold = ['0 3 20 17', '1 20 20 0', '2 - 20 -', '3 0 20 20'];

  test('an eager classic group: two members, one partition never committed', () => {
    const rows = expectEqual(withMembers.eager.group);
    expect(told(rows, orders)).toEqual(ordersTold);
    expect(rows.every(({ consumerId, host, clientId }) => consumerId && host && clientId)).toBe(
      true,
    );
  });

  test('a member without partitions has no row', () => {
    const rows = expectEqual(withMembers.crowded.group);
    expect(told(rows, single)).toEqual(['0 - 9 -']);
  });

  test('a cooperative classic group of the Java client', () => {
    const rows = expectEqual(withMembers.cooperative.group);
    expect(told(rows, orders)).toEqual(ordersTold);
    expect(rows.map(({ clientId }) => clientId)).toEqual(['sticky', 'sticky', 'sticky', 'sticky']);
  });

  test('a static member with the range assignor, on several topics', () => {
    const rows = expectEqual(withMembers.range.group);
    expect(told(rows, orders)).toEqual(ordersTold);
    expect(told(rows, refunds)).toEqual(['0 - 5 -', '1 - 5 -']);
    expect(rows[0]?.consumerId).toMatch(/^static-0-/);
  });

  test('a KIP-848 group', () => {
    const rows = expectEqual(withMembers.kip848.group);
    expect(told(rows, orders)).toEqual(ordersTold);
    expect(new Set(rows.map(({ clientId }) => clientId))).toEqual(new Set(['new-0', 'new-1']));
  });

  test('Kafka Streams', () => {
    const rows = expectEqual(withMembers.streams.group);
    expect(rows).toHaveLength(6);
    expect(rows.every(({ clientId }) => clientId?.includes('-StreamThread-'))).toBe(true);
  });

  test('a simple group: committed below the log start, and beyond the end', () => {
    const rows = expectEqual(simple);
    expect(told(rows, orders)).toEqual(['0 3 20 17', '1 20 20 0', '3 0 20 20']);
    expect(told(rows, refunds)).toEqual(['1 5 5 0']);
    expect(told(rows, deleted)).toEqual(['0 2 9 7']);
    expect(told(rows, recreated)).toEqual(['0 50 0 -50']);
    expect(rows.every(({ consumerId }) => consumerId === undefined)).toBe(true);
  });

  test('all groups are those that the tool shows, and no share group', async () => {
    const { stdout, stderr, exitCode } = await lagCommand([...bootstrap, '--all', '--sample', '0']);
    const mine = parseGroupLag(stdout).filter(({ group }) => group.endsWith(run));
    expect([...mine].sort(byGroup)).toEqual([...oracle].sort(byGroup));
    expect(stderr).toContain(`Consumer group '${simple}' has no active members.`);
    expect(stderr).not.toContain(shared);
    expect(exitCode).toBe(0);
  });
  const byGroup = (a: OracleLag, b: OracleLag) =>
    a.group.localeCompare(b.group) || byPartition(a, b);

  test('as JSON: kinds, states, assignors and members as the brokers describe them', async () => {
    const asked = groups.flatMap((group) => ['--group', group]);
    const { stdout } = await lagCommand([...bootstrap, '-o', 'json', ...asked]);
    const found = Object.fromEntries(
      JSON.parse(stdout).groups.map(({ partitions, error, group, ...about }: JsonGroup) => {
        expect(error).toBeNull();
        expect(partitions.length).toBeGreaterThan(0);
        return [group, about];
      }),
    );
    const stable = (
      kind: string,
      assignor: string,
      members: number,
      assignedMembers = members,
    ) => ({
      kind,
      state: 'Stable',
      assignor,
      members,
      assignedMembers,
    });
    expect(found).toEqual({
      [withMembers.eager.group]: stable('classic', 'RoundRobinAssigner', 2),
      [withMembers.crowded.group]: stable('classic', 'RoundRobinAssigner', 2, 1),
      [withMembers.cooperative.group]: stable('classic', 'cooperative-sticky', 1),
      [withMembers.range.group]: stable('classic', 'range', 1),
      [withMembers.kip848.group]: stable('consumer', 'uniform', 2),
      [withMembers.streams.group]: stable('classic', 'stream', 2),
      [simple]: { kind: 'simple', state: 'Empty', assignor: null, members: 0, assignedMembers: 0 },
    });
  });

  test('a share group is refused, a missing group is named, and the others are shown', async () => {
    const missing = named('missing');
    const asked = [shared, missing, simple].flatMap((group) => ['--group', group]);
    const { stdout, stderr, exitCode } = await lagCommand([...bootstrap, ...asked]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`group ${shared} is a share group (KIP-932)`);
    expect(stderr).toContain(`group ${missing}: NoTopics: it does not exist`);
    expect(new Set(parseGroupLag(stdout).map(({ group }) => group))).toEqual(new Set([simple]));
  });

  test('records that arrive between the readings make RATE', async () => {
    const [topic, group] = [named('moving'), named('mover')];
    await createTopic(servers, topic, 1);
    await commitOffsets(servers, group, topic, new Map([[0, 0n]]));
    let isRead = false;
    const read = lagCommand([...bootstrap, '--group', group, '-o', 'json']).finally(() => {
      isRead = true;
    });
    let written = 0;
    for (; !isRead; written += 10) await produce(servers, topic, { partitions: 1, records: 10 });
    const [row] = JSON.parse((await read).stdout).groups[0].partitions;
    expect(row.currentOffset).toBe('0');
    expect(row.arrivalRate).toBeGreaterThan(0);
    expect(row.arrivalRate).toBeLessThan(written); // in the 2 s between the readings
  });

  test('BEHIND is the age of the first record that the group has not read', async () => {
    const [topic, group] = [named('old'), named('late')];
    await createTopic(servers, topic, 1);
    const writtenAfter = Date.now();
    await produce(servers, topic, { partitions: 1, records: 5 });
    await commitOffsets(servers, group, topic, new Map([[0, 2n]]));
    const args = [...bootstrap, '--group', group, '-o', 'json', '--sample', '0'];
    const [row] = JSON.parse((await lagCommand(args)).stdout).groups[0].partitions;
    expect(row.lag).toBe('3');
    expect(row.behindSeconds).toBeGreaterThan(0);
    expect(row.behindSeconds * 1000).toBeLessThan(Date.now() - writtenAfter);
  });

  describe('credentials come from a file', () => {
    function configOf(name: string, ...lines: readonly string[]): readonly string[] {
      const path = join(folder, name);
      writeFileSync(path, lines.join('\n'));
      return ['--config', path];
    }
    const login = (password: string) =>
      `sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="${stack.users.scram512.username}" password="${password}";`;

    test('with a password from the environment, over TLS', async () => {
      writeFileSync(join(folder, 'ca.pem'), stack.ca);
      const config = configOf(
        'tls.properties',
        `bootstrap.servers=${stack.saslTlsBootstrapServers.join(',')}`,
        'security.protocol=SASL_SSL',
        'sasl.mechanism=SCRAM-SHA-512',
        login(`$\{env:KAFKA_PASSWORD}`),
        'ssl.truststore.type=PEM',
        `ssl.truststore.location=${join(folder, 'ca.pem')}`,
      );
      const env = { KAFKA_PASSWORD: stack.users.scram512.password };
      const args = [...config, '--group', simple, '--sample', '0'];
      const { stdout, exitCode } = await lagCommand(args, env);
      expect(exitCode).toBe(0);
      expect(parseGroupLag(stdout)).toHaveLength(6);
    });

    test('with a client certificate and its key', async () => {
      const { cert, key } = stack.kafkaClientCertificate;
      writeFileSync(join(folder, 'ca.pem'), stack.ca);
      writeFileSync(join(folder, 'me.pem'), `${key}\n${cert}`);
      const config = configOf(
        'mtls.properties',
        `bootstrap.servers=${stack.tlsBootstrapServers.join(',')}`,
        'security.protocol=SSL',
        'ssl.truststore.type=PEM',
        `ssl.truststore.location=${join(folder, 'ca.pem')}`,
        'ssl.keystore.type=PEM',
        `ssl.keystore.location=${join(folder, 'me.pem')}`,
      );
      const { exitCode } = await lagCommand([...config, '--group', simple, '--sample', '0']);
      expect(exitCode).toBe(0);
    });

    test('and a wrong one is told without the password', async () => {
      const wrong = 'not-the-password-7Qz';
      const config = configOf(
        'wrong.properties',
        `bootstrap.servers=${stack.saslBootstrapServers.join(',')}`,
        'security.protocol=SASL_PLAINTEXT',
        'sasl.mechanism=SCRAM-SHA-512',
        login(wrong),
      );
      const { stdout, stderr, exitCode } = await lagCommand([...config, '--all']);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('AuthenticationFailed');
      expect(stderr).toContain('check sasl.*');
      expect(stdout + stderr).not.toContain(wrong);
    });
  });

  test('brokers that cannot be reached are named within the time', async () => {
    const { stderr, exitCode } = await lagCommand([
      '--bootstrap',
      '127.0.0.1:1',
      '--group',
      simple,
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('127.0.0.1:1: connect: TCP: refused');
    expect(stderr).toContain('check --bootstrap');
  });

  test('a command line that cannot be meant is exit code 2', async () => {
    const { stderr, exitCode } = await lagCommand(['--all', '--group', simple]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('lagscaler: name a group with --group');
  });
});

interface JsonGroup {
  readonly group: string;
  readonly partitions: readonly unknown[];
  readonly error: unknown;
}
