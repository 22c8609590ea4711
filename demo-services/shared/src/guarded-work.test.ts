import type { KafkaMessage } from 'kafkajs';
import { expect, test } from 'vitest';
import { createDeadLetters } from './dead-letter.ts';
import { PoisonError } from './envelope.ts';
import { guardedWork } from './guarded-work.ts';
import { createLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import type { Batch } from './process-batch.ts';
import { RecordRefusedError, type ReliableProducer } from './producer.ts';
import { createProgress } from './progress.ts';

const batch = { topic: 't', partition: 3 } as Batch;
const message = { offset: '42', key: null, value: Buffer.from('x'), headers: { a: 'b' } };

async function handlePoison(topics: readonly string[], refuse = false) {
  const sent: unknown[] = [];
  const producer: ReliableProducer = {
    async send(record) {
      if (refuse) throw new RecordRefusedError('too large');
      sent.push(record);
    },
    disconnect: async () => undefined,
  };
  const metrics = createMetrics({ consumed: ['t'], produced: [] });
  const topicExists = async (topic: string) => topics.includes(topic);
  const log = createLog('silent', {});
  const deadLetters = createDeadLetters({ topicExists, producer, metrics, log });
  const poisoned = async () => {
    throw new PoisonError('the message is not JSON');
  };
  const work = guardedWork(poisoned, {
    deadLetters,
    metrics,
    progress: createProgress(1_000, () => 0),
  });
  const effect = await work(batch, message as unknown as KafkaMessage);
  await effect();
  return { sent, text: await metrics.registry.metrics() };
}

test('poison goes to the dead-letter topic as it came, with its origin', async () => {
  const { sent, text } = await handlePoison(['t', 't.dlq']);
  expect(sent).toEqual([
    {
      topic: 't.dlq',
      messages: [
        {
          key: null,
          value: message.value,
          headers: {
            a: 'b',
            'origin-topic': 't',
            'origin-partition': '3',
            'origin-offset': '42',
            error: 'PoisonError: the message is not JSON',
          },
        },
      ],
    },
  ]);
  expect(text).toContain('demo_messages_failed_total{topic="t"} 1');
  expect(text).toContain('demo_messages_dead_lettered_total{topic="t"} 1');
  expect(text).toContain('demo_messages_skipped_total{topic="t"} 0');
});

test.for([
  ['without a dead-letter topic', ['t'], false],
  ['when the dead-letter topic refuses the record', ['t', 't.dlq'], true],
] as const)('%s poison is skipped and counted', async ([, topics, refuse]) => {
  const { sent, text } = await handlePoison(topics, refuse);
  expect(sent).toEqual([]);
  expect(text).toContain('demo_messages_skipped_total{topic="t"} 1');
  expect(text).toContain('demo_messages_dead_lettered_total{topic="t"} 0');
});
