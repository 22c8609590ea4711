import { beforeEach, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { EndsWave } from './ends-wave.ts';
import { FakeKafka, SkippingClock } from './fakes.ts';
import { LogStartPace } from './log-starts.ts';
import { topicOf } from './topics.ts';

let kafka: FakeKafka;
let wave: EndsWave;

beforeEach(async () => {
  kafka = new FakeKafka(2);
  kafka.createTopic('orders', [10n, 20n]);
  const clock = new SkippingClock();
  const transport = kafka.transport();
  const cluster = new Cluster({ transport, seeds: kafka.seeds, clock, random: () => 0 });
  await cluster.admit();
  wave = new EndsWave({ cluster, transport, now: () => clock.now(), pace: new LogStartPace() });
  kafka.takeRequests();
});

/** Every answer is a view of its own. */
const ledBy = (...leaders: readonly number[]) =>
  topicOf({ name: 'orders', topicId: 'id-1', leaders });
const leaders = () => kafka.topics.get('orders')?.partitions.map(({ leader }) => leader) ?? [];

test('two answers about one topic are one question: a broker refuses a name that comes twice', async () => {
  const [first, second] = [ledBy(...leaders()), ledBy(...leaders())];
  const all = wave.want({ topic: first, partitions: first.partitions }, 'read_uncommitted');
  const one = wave.want({ topic: second, partitions: [1] }, 'read_uncommitted');
  wave.send();
  await wave.answered({ topic: first, partitions: first.partitions });
  expect([all.ends[0], all.ends[1], one.ends[1]]).toEqual([10n, 20n, 20n]);
  expect([first.logStarts.get(0), second.logStarts.get(1)]).toEqual([0n, 0n]);
});

test('nor does a question for log starts name a topic twice that is read at both isolation levels', async () => {
  const [first, second] = [ledBy(...leaders()), ledBy(...leaders())];
  wave.want({ topic: first, partitions: first.partitions }, 'read_uncommitted');
  wave.want({ topic: second, partitions: second.partitions }, 'read_committed');
  wave.send();
  await wave.answered({ topic: first, partitions: first.partitions });
  await wave.answered({ topic: second, partitions: second.partitions });
  const starts = [first, second].flatMap(({ logStarts, partitions }) =>
    partitions.map((p) => logStarts.get(p)),
  );
  expect(starts).toEqual([0n, 0n, 0n, 0n]);
});

test('what a former leader says is only for those who took it for the leader', async () => {
  const [is = 0, was = 0] = leaders();
  const older = ledBy(was, was);
  const newer = ledBy(is, was);
  const misled = wave.want({ topic: older, partitions: older.partitions }, 'read_uncommitted');
  const right = wave.want({ topic: newer, partitions: newer.partitions }, 'read_uncommitted');
  wave.send();
  await wave.answered({ topic: older, partitions: older.partitions });
  await wave.answered({ topic: newer, partitions: newer.partitions });
  expect([misled.ends[0], misled.troubleOf(0)?.retry]).toEqual([undefined, 'moved']);
  expect([right.ends[0], right.troubleOf(0)]).toEqual([10n, undefined]);
});
