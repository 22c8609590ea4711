import { expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { EndsWave } from './ends-wave.ts';
import { FakeKafka, SkippingClock } from './fakes.ts';
import { LogStartPace } from './log-starts.ts';
import { topicOf } from './topics.ts';

test('two answers about one topic are one question: a broker refuses a name that comes twice', async () => {
  const kafka = new FakeKafka(1);
  kafka.createTopic('orders', [10n, 20n]);
  const clock = new SkippingClock();
  const transport = kafka.transport();
  const cluster = new Cluster({ transport, seeds: kafka.seeds, clock, random: () => 0 });
  await cluster.admit();
  const wave = new EndsWave({
    cluster,
    transport,
    now: () => clock.now(),
    pace: new LogStartPace(),
  });
  const topicAsRead = () => topicOf({ name: 'orders', topicId: 'id-1', leaders: [1, 1] });
  const [first, second] = [topicAsRead(), topicAsRead()];
  const all = wave.want({ topic: first, partitions: first.partitions }, 'read_uncommitted');
  const one = wave.want({ topic: second, partitions: [1] }, 'read_uncommitted');
  kafka.takeRequests();
  wave.send();
  await wave.answered({ topic: first, partitions: first.partitions });
  expect([all.ends[0], all.ends[1], one.ends[1]]).toEqual([10n, 20n, 20n]);
  expect([first.logStarts.get(0), second.logStarts.get(1)]).toEqual([0n, 0n]);
  expect(kafka.takeRequests()).toEqual(['ListOffsets@1', 'ListOffsets@1']);
});
