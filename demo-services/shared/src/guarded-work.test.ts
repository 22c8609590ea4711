import type { KafkaMessage } from 'kafkajs';
import { expect, test } from 'vitest';
import { createDeadLetters } from './dead-letter.ts';
import { PoisonError } from './envelope.ts';
import { guardedWork, type Handler } from './guarded-work.ts';
import { createLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import type { Batch } from './process-batch.ts';
import { RecordRefusedError, type ReliableProducer } from './producer.ts';
import { createProgress } from './progress.ts';
import { createTracing } from './tracing.ts';

const batch = { topic: 't', partition: 3 } as Batch;
const headers = { a: 'b', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
const message = {
  offset: '42',
  key: null,
  value: Buffer.from('x'),
  headers,
} as unknown as KafkaMessage;

interface World {
  readonly topics?: readonly string[];
  readonly refuse?: boolean;
}

/** A service with one handler, and a Kafka that keeps what it is sent. */
function createService(handle: Handler, { topics = ['t', 't.dlq'], refuse = false }: World = {}) {
  const sent: unknown[] = [];
  const producer: ReliableProducer = {
    async send(record) {
      if (refuse) throw new RecordRefusedError('too large');
      sent.push(record);
    },
    disconnect: async () => undefined,
  };
  const clock = { now: 0 };
  const giveUp = new AbortController();
  const metrics = createMetrics({ consumed: ['t'], produced: [] });
  const topicExists = async (topic: string) => topics.includes(topic);
  const log = createLog('silent', {});
  const progress = createProgress(
    () => 1_000,
    () => clock.now,
  );
  const work = guardedWork({
    handlers: { t: handle },
    deadLetters: createDeadLetters({ topicExists, producer, metrics, log }),
    metrics,
    progress,
    tracing: createTracing({ serviceName: 's', podName: '' }),
    faults: { at: async () => undefined },
    signal: giveUp.signal,
  });
  return { sent, work, clock, giveUp, progress, text: () => metrics.registry.metrics() };
}

const poisoned: Handler = async () => {
  throw new PoisonError('the message is not JSON');
};

test('poison goes to the dead-letter topic as it came, with its origin', async () => {
  const { sent, work, text } = createService(poisoned);
  const effect = await work(batch, message);
  await effect();
  expect(sent).toEqual([
    {
      topic: 't.dlq',
      messages: [
        {
          key: null,
          value: message.value,
          headers: {
            ...headers,
            'origin-topic': 't',
            'origin-partition': '3',
            'origin-offset': '42',
            error: 'PoisonError: the message is not JSON',
          },
        },
      ],
    },
  ]);
  expect(await text()).toContain('demo_messages_failed_total{topic="t"} 1');
  expect(await text()).toContain('demo_messages_dead_lettered_total{topic="t"} 1');
  expect(await text()).toContain('demo_messages_skipped_total{topic="t"} 0');
});

test.for([
  ['without a dead-letter topic', { topics: ['t'] }],
  ['when the dead-letter topic refuses the record', { refuse: true }],
] as const)('%s poison is skipped and counted', async ([, world]) => {
  const { sent, work, text } = createService(poisoned, world);
  const effect = await work(batch, message);
  await effect();
  expect(sent).toEqual([]);
  expect(await text()).toContain('demo_messages_skipped_total{topic="t"} 1');
  expect(await text()).toContain('demo_messages_dead_lettered_total{topic="t"} 0');
});

test('a message whose answer is refused by Kafka for good goes to the dead-letter topic', async () => {
  const { sent, work, text } = createService(async () => async () => {
    throw new RecordRefusedError('too large');
  });
  const effect = await work(batch, message);
  await effect();
  expect(sent).toHaveLength(1);
  expect(await text()).toContain('demo_messages_consumed_total{topic="t"} 1');
});

/** A shutdown that gives up while the work on a message, or its answer, waits for something. */
async function giveUpDuring(phase: 'work' | 'answer', onGivenUp: (reject: () => void) => void) {
  const begun = Promise.withResolvers<void>();
  const until = Promise.withResolvers<never>();
  const wait = () => {
    begun.resolve();
    return until.promise;
  };
  const handlers = { work: async () => wait(), answer: async () => wait };
  const service = createService(handlers[phase]);
  const done = service.work(batch, message).then((effect) => effect());
  await begun.promise;
  const reason = new Error('the shutdown took too long');
  service.giveUp.abort(reason);
  onGivenUp(() => until.reject(reason));
  await expect(done).rejects.toBe(reason);
  return service;
}

test.for(['work', 'answer'] as const)(
  'a shutdown that gives up in the %s puts nothing aside',
  async (phase) => {
    const { sent, text } = await giveUpDuring(phase, (reject) => reject());
    expect(sent).toEqual([]);
    expect(await text()).toContain('demo_messages_failed_total{topic="t"} 0');
  },
);

test.for(['work', 'answer'] as const)(
  '%s that hears of no signal is dropped when a shutdown gives up',
  async (phase) => {
    const { sent } = await giveUpDuring(phase, () => undefined);
    expect(sent).toEqual([]);
  },
);

test('work that is tried again and again is no stall, work that hangs is one', async () => {
  const retry: { again?: () => void } = {};
  const end = Promise.withResolvers<void>();
  const { work, clock, progress } = createService(async (_incoming, onRetry) => {
    retry.again = onRetry;
    await end.promise;
    return async () => undefined;
  });
  const working = work(batch, message);
  await expect.poll(() => retry.again).toBeDefined();
  clock.now = 900;
  retry.again?.();
  clock.now = 1_800;
  expect(progress.stalled()).toBeUndefined();
  clock.now = 1_901;
  progress.mark(); // other partitions are polled
  expect(progress.stalled()).toContain('the message in hand has not ended');
  end.resolve();
  await working;
});

test('what a message causes carries its trace, under a span of its own', async () => {
  const seen: string[] = [];
  const { work } = createService(async (incoming) => {
    seen.push(String(incoming.headers['traceparent']));
    expect(incoming.headers).toEqual({
      traceparent: expect.any(String),
      'content-type': 'application/json',
    });
    return async () => undefined;
  });
  await work(batch, message);
  expect(seen[0]).toMatch(
    /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/,
  );
});
