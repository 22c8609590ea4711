/** A process that reads lag with kafkajs as most do: one admin, two calls for each group, ten groups at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { clientOf } from '../../kafka.ts';
import { inParallel } from './in-parallel.ts';
import { partitionsPerTopic, type Subject, subjectsOf } from './layout.ts';
import { TickMeter } from './tick-meter.ts';
import { runWorker } from './worker.ts';
import type { Value } from './worker-protocol.ts';

const concurrency = 10;

await runWorker(async ({ servers, layout, groups, pollSeconds }, events) => {
  const subjects = subjectsOf(layout, groups);
  const meter = new TickMeter(groups, events);
  const admin = clientOf(servers).admin();
  admin.on(admin.events.REQUEST, ({ payload }) => meter.countRequest(payload.apiName));
  await admin.connect();
  let stopped = false;

  async function ticks(): Promise<void> {
    while (!stopped) {
      await inParallel(subjects, concurrency, (subject) =>
        meter.reading(async () => {
          const values = await read(admin, subject).catch(() => []);
          return values.length === partitionsPerTopic;
        }),
      );
      const pollMs = pollSeconds * 1000;
      await sleep(pollMs - (Date.now() % pollMs));
    }
  }
  const running = ticks();

  return {
    async values() {
      stopped = true;
      await running;
      const all: Value[] = [];
      await inParallel(subjects, concurrency, async (subject) => {
        all.push(...(await read(admin, subject).catch(() => [])));
      });
      return all;
    },
    close: () => admin.disconnect(),
  };
});

/** The partitions that have both offsets. */
async function read(admin: Admin, { group, topic }: Subject): Promise<Value[]> {
  const [fetched] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const ends = await admin.fetchTopicOffsets(topic);
  const endOf = new Map(ends.map(({ partition, high }) => [partition, high]));
  return (fetched?.partitions ?? []).flatMap(({ partition, offset: committed }) => {
    const end = endOf.get(partition);
    if (end === undefined || committed === '-1') return [];
    const lag = String(BigInt(end) - BigInt(committed));
    return [{ group, topic, partition, committed, end, lag }];
  });
}
