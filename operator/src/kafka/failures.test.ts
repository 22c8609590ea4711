import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OffsetReading } from '../autoscaler/types.ts';
import type { KafkaConnection, LagSource } from '../controller/ports.ts';
import { FakeKafka, type Health, HurriedClock } from './fakes.ts';
import { KafkaError } from './kafka-error.ts';
import { createLagSource } from './lag-source.ts';

/** What a failing cluster costs, whom it concerns, and how soon readings are right again. */

const never = new AbortController().signal;
/** All of it passes in a tenth of the time. */
const readTimeoutMs = 3_000;
const requestTimeoutMs = 200;
const pollMs = 5_000;
const ids = [1, 2, 3] as const;

let kafka: FakeKafka;
let elsewhere: FakeKafka;
let clock: HurriedClock;
let source: LagSource;

beforeEach(() => {
  kafka = new FakeKafka(3, requestTimeoutMs);
  elsewhere = new FakeKafka(3, requestTimeoutMs);
  clock = new HurriedClock(10);
  source = createLagSource({
    clock,
    readTimeoutMs,
    random: () => 0, // every back-off is as long as it may be
    connect: ({ bootstrapServers }) =>
      (bootstrapServers[0] === 'elsewhere:1' ? elsewhere : kafka).transport(),
  });
});
afterEach(() => source.close());

const servers = (host: string): KafkaConnection => ({
  bootstrapServers: ids.map((id) => `${host}:${id}`),
  tls: undefined,
  sasl: undefined,
});

function ask(group: string, topics: readonly string[], owner = group, host = 'kafka') {
  const request = { group, topics, partitions: undefined, connection: servers(host) };
  return source.read(owner, { ...request, isolationLevel: 'read_uncommitted' }, never);
}

/** `topic/partition committed..end from logStart`, or the reason. */
function told(reading: OffsetReading): readonly string[] | string {
  if (reading.kind === 'unavailable') return reading.reason;
  return reading.partitions.map(
    (p) => `${p.topic}/${p.partition} ${p.committed}..${p.end ?? '?'} from ${p.logStart ?? '?'}`,
  );
}
const messageOf = (reading: OffsetReading) =>
  reading.kind === 'unavailable' ? reading.message : expect.unreachable('lag was read');

/** Groups g1, g2, g3 at the coordinators 1, 2, 3; topic t1 led by broker 1 only, and so on. */
function spread(): void {
  for (const id of ids) {
    kafka.createGroup(`g${id}`, id);
    const [partition] = kafka.createTopic(`t${id}`, [10n]);
    if (partition) partition.leader = id;
  }
}
const all = (health: Health) => {
  for (const id of ids) kafka.health.set(id, health);
};
/** 40 scalers at once, as at every tick. */
const tick = () => {
  clock.skip(pollMs);
  return Promise.all(Array.from({ length: 40 }, (_, i) => ask(`g${i}`, ['t1'], `shop/${i}`)));
};
/** Requests to one broker since the last look, by name. */
function costAt(broker: number): Record<string, number> {
  const made = kafka.requests.filter((r) => r.broker === broker).map((r) => r.api);
  kafka.requests.splice(0);
  return Object.fromEntries(
    [...Map.groupBy(made, (api) => api)].map(([api, n]) => [api, n.length]),
  );
}

describe('one broker', () => {
  test.for(['silent', 'refusing', 'cutting', 'unauthenticated'] as const)(
    'that is %s concerns only its own, and is right again within a tick',
    async (health) => {
      spread();
      await ask('g1', ['t1']);
      kafka.health.set(3, health);
      const read = () =>
        Promise.all([
          ask('g1', ['t2'], 'shop/a'),
          ask('g3', ['t1'], 'shop/b'),
          ask('g2', ['t2', 't3'], 'shop/c'),
        ]);
      for (let poll = 0; poll < 10; poll += 1) {
        const [healthy, itsGroup, itsPartition] = await read();
        expect(told(healthy)).toEqual(['t2/0 none..10 from 0']);
        const reason = health === 'unauthenticated' ? 'AuthenticationFailed' : 'KafkaUnreachable';
        expect(told(itsGroup)).toBe(reason);
        expect(told(itsPartition)).toEqual(['t2/0 none..10 from 0', 't3/0 none..? from ?']);
        clock.skip(pollMs);
      }
      kafka.health.set(3, 'up');
      if (health === 'unauthenticated') clock.skip(300_000);
      expect((await read()).map(told)).toEqual([
        ['t2/0 none..10 from 0'],
        ['t1/0 none..10 from 0'],
        ['t2/0 none..10 from 0', 't3/0 none..10 from 0'],
      ]);
    },
  );

  test('that is silent delays the others by the grace only', async () => {
    spread();
    await Promise.all([ask('g1', ['t1']), ask('g3', ['t1'])]);
    kafka.health.set(3, 'silent');
    const slow = ask('g3', ['t1']).then(() => 'slow');
    const quick = ask('g1', ['t1']).then(() => 'quick');
    expect(await Promise.race([slow, quick])).toBe('quick');
    await slow;
  });

  test('that refuses the credentials, which the others accept, sees them ever less often', async () => {
    spread();
    await tick();
    kafka.health.set(3, 'unauthenticated');
    costAt(3);
    for (let polls = 0; polls < 120; polls += 1) {
      clock.skip(pollMs);
      expect(told(await ask('g3', ['t1']))).toBe('AuthenticationFailed');
      expect(told(await ask('g1', ['t1']))).toEqual(['t1/0 none..10 from 0']);
    }
    const { OffsetFetch = 0, DescribeGroups = 0, ...others } = costAt(3);
    expect(OffsetFetch + DescribeGroups).toBeLessThan(2 * 8); // ten minutes: 5 + 10 + … + 160 + 300 s
    expect(others).toEqual({});
  });
});

describe('a cluster of which one broker is too old', () => {
  beforeEach(() => {
    spread();
    kafka.tooOld.add(2);
  });

  test.for<[string, string, readonly string[], object]>([
    ['reads what is elsewhere', 'g1', ['t1', 't3'], { kind: 'observed', gaps: undefined }],
    [
      'leaves a gap where that one leads, and names it',
      'g1',
      ['t1', 't2'],
      { kind: 'observed', gaps: 'kafka:2: too old' },
    ],
    [
      'cannot read the groups that it coordinates, and names it',
      'g2',
      ['t1'],
      { reason: 'UnsupportedBroker', message: 'kafka:2: too old' },
    ],
  ])('%s', async ([, group, topics, expected]) => {
    expect(await ask(group, topics)).toMatchObject(expected);
  });

  test('is read whole one tick after that one is upgraded', async () => {
    await ask('g2', ['t1', 't2']);
    kafka.tooOld.clear();
    clock.skip(pollMs);
    expect(told(await ask('g2', ['t1', 't2']))).toEqual([
      't1/0 none..10 from 0',
      't2/0 none..10 from 0',
    ]);
  });
});

describe('the gaps of a reading', () => {
  const gapsOf = (reading: OffsetReading) =>
    reading.kind === 'observed' ? reading.gaps : expect.unreachable('lag was not read');

  test('name the broker that could not be asked, the same at every poll', async () => {
    spread();
    await ask('g1', ['t1', 't3']);
    kafka.health.set(3, 'refusing');
    const gaps = new Set<string | undefined>();
    for (let polls = 0; polls < 10; polls += 1) {
      gaps.add(gapsOf(await ask('g1', ['t1', 't3'])));
      clock.skip(pollMs);
    }
    expect([...gaps]).toEqual(['kafka:3: ListOffsets: refusing']);
  });

  test('are the commonest trouble and the count of the others', async () => {
    const partitions = kafka.createTopic('orders', [1n, 2n, 3n, 4n, 5n, 6n]);
    for (const i of [0, 1]) Object.assign(partitions[i] ?? {}, { leader: 3 });
    Object.assign(partitions[2] ?? {}, { leader: -1 });
    Object.assign(partitions[3] ?? {}, { errorCode: 56, leader: 1 });
    kafka.health.set(3, 'refusing');
    expect(gapsOf(await ask('g1', ['orders']))).toMatch(/^kafka:3: .*; and 2 more$/);
  });

  const failLogStarts = (error: KafkaError, at = 1) => {
    kafka.onRequest = ({ broker, detail }) => {
      if (broker === at && detail?.startsWith('logStart')) throw error;
    };
  };

  test('say why a log start is unknown, until it is known', async () => {
    spread();
    failLogStarts(new KafkaError('LagUnknown', 'kafka:1: ListOffsets: no answer'));
    const first = await ask('g1', ['t1', 't3']);
    expect(told(first)).toEqual(['t1/0 none..10 from ?', 't3/0 none..10 from 0']);
    expect(gapsOf(first)).toBe('kafka:1: ListOffsets: no answer');
    kafka.onRequest = () => undefined;
    clock.skip(pollMs);
    const next = await ask('g1', ['t1', 't3']);
    expect(told(next)).toEqual(['t1/0 none..10 from 0', 't3/0 none..10 from 0']);
    expect(gapsOf(next)).toBeUndefined();
  });

  test('say nothing of log starts that are known from before, nor while partitions are unknown', async () => {
    spread();
    await ask('g1', ['t1']);
    failLogStarts(new KafkaError('LagUnknown', 'kafka:1: ListOffsets: no answer'));
    clock.skip(60_000);
    expect(gapsOf(await ask('g1', ['t1']))).toBeUndefined();
    failLogStarts(new KafkaError('LagUnknown', 'kafka:3: ListOffsets: no answer'), 3);
    Object.assign(kafka.topics.get('t2')?.partitions[0] ?? {}, { errorCode: 56 });
    expect(gapsOf(await ask('g1', ['t2', 't3']))).toMatch(/^topic t2, partition 0: /);
  });

  test('are none when every partition was read', async () => {
    spread();
    expect(gapsOf(await ask('g1', ['t1', 't3']))).toBeUndefined();
  });
});

describe('a cluster', () => {
  test.for(['silent', 'refusing', 'cutting'] as const)(
    'that is %s costs one probe per back-off and one bare connection per tick',
    async (health) => {
      spread();
      await tick();
      all(health);
      await tick(); // what was under way finds out
      await tick();
      for (const id of ids) costAt(id);
      for (let polls = 0; polls < 60; polls += 1) {
        expect(new Set((await tick()).map(told))).toEqual(new Set(['KafkaUnreachable']));
      }
      const { ApiVersions = 0, Knock = 0, ...others } = costAt(1);
      expect(others).toEqual({});
      expect(ApiVersions).toBeLessThanOrEqual(10); // in five minutes: 1 + 2 + … + 32 + 60 × 4
      expect(ApiVersions + Knock).toBeLessThanOrEqual(60);

      all('up');
      const readings = await tick();
      expect(new Set(readings.map((r) => String(told(r))))).toEqual(
        new Set(['t1/0 none..10 from 0']),
      );
    },
  );

  test('that is silent is told within the deadline, and from then on soon', async () => {
    kafka.createTopic('t1', [10n]);
    await ask('g1', ['t1']);
    all('silent');
    const startedAt = performance.now();
    expect(told(await ask('g1', ['t1']))).toBe('KafkaUnreachable');
    expect(performance.now() - startedAt).toBeLessThan(readTimeoutMs / 10 + 150);
  });

  test('that refuses the credentials is shown them once per back-off, at one broker', async () => {
    spread();
    all('unauthenticated');
    expect(new Set((await tick()).map(told))).toEqual(new Set(['AuthenticationFailed']));
    expect(kafka.takeRequests()).toEqual(['ApiVersions@1']);
    for (let polls = 0; polls < 120; polls += 1) await tick();
    expect(kafka.requests.map((r) => r.api)).toEqual(Array(6).fill('ApiVersions')); // in ten minutes
    all('up');
    clock.skip(300_000);
    expect((await tick()).every((r) => r.kind === 'observed')).toBe(true);
  });

  test('whose credentials are refused by the brokers one after the other says so', async () => {
    spread();
    await tick();
    all('unauthenticated');
    await expect.poll(async () => (await tick()).map(told)).toContain('AuthenticationFailed');
    all('up');
    clock.skip(300_000);
    expect((await tick()).every((r) => r.kind === 'observed')).toBe(true);
  });

  test('that is too old says so', async () => {
    for (const id of ids) kafka.tooOld.add(id);
    expect(told(await ask('g1', ['t1']))).toBe('UnsupportedBroker');
  });

  test('tells the same at every poll while nothing changes', async () => {
    all('refusing');
    const messages = new Set<string>();
    for (let polls = 0; polls < 30; polls += 1) {
      for (const reading of await tick()) messages.add(messageOf(reading));
    }
    expect([...messages]).toEqual([
      'none of 3 brokers can be used: kafka:1: ApiVersions: refusing',
    ]);
  });

  test('that is dead delays no reading of another one', async () => {
    elsewhere.createTopic('t1', [7n]);
    all('silent');
    const dead = tick().then(() => 'dead');
    const healthy = ask('g1', ['t1'], 'shop/healthy', 'elsewhere');
    expect(await Promise.race([dead, healthy.then(told)])).toEqual(['t1/0 none..7 from 0']);
    await dead;
  });
});

describe('brokers that advertise an address nobody can reach', () => {
  beforeEach(() => {
    spread();
    kafka.advertisedHost = 'internal';
    kafka.unreachable.add('internal');
  });

  test('are named, beside the bootstrap server that answers', async () => {
    expect(messageOf(await ask('g1', ['t1']))).toBe(
      'kafka:1 answers, but none of the 3 brokers it names can be used: internal:1: ApiVersions: refusing; tried again within 60 s',
    );
  });

  test('cost one probe per back-off', async () => {
    for (let polls = 0; polls < 60; polls += 1) await tick();
    const count = (api: string) => kafka.requests.filter((r) => r.api === api).length;
    expect(count('Metadata')).toBeLessThanOrEqual(10); // in five minutes
    expect(count('ApiVersions')).toBe(4 * count('Metadata'));
    expect(kafka.requests).toHaveLength(5 * count('Metadata'));
  });

  test('are read when their address is right', async () => {
    await tick();
    kafka.advertisedHost = 'kafka';
    clock.skip(60_000);
    expect((await tick()).every((r) => r.kind === 'observed')).toBe(true);
  });

  test('do no harm while one of them can be reached', async () => {
    kafka.unreachable.clear();
    kafka.health.set(2, 'refusing');
    kafka.health.set(3, 'refusing');
    expect(told(await ask('g1', ['t1']))).toEqual(['t1/0 none..10 from 0']);
  });
});
