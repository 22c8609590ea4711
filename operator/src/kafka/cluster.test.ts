import { expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { FakeKafka, SkippingClock } from './fakes.ts';
import { KafkaError } from './kafka-error.ts';

const silent = new KafkaError('KafkaUnreachable', 'kafka:1: no answer', { reaction: 'none' });

function clusterOf(kafka: FakeKafka): Cluster {
  const clock = new SkippingClock();
  const [first] = kafka.seeds;
  const seeds = first ? [first] : [];
  return new Cluster({ transport: kafka.transport(), seeds, clock, random: () => 0 });
}

test('what fails after the cluster has answered something else closes nothing', async () => {
  const kafka = new FakeKafka(1);
  const cluster = clusterOf(kafka);
  await cluster.admit();
  const old = Promise.withResolvers<never>();
  const asked = cluster.any(() => old.promise);
  await cluster.any(async () => 'an answer');
  kafka.takeRequests();
  old.reject(silent);
  await expect(asked).rejects.toThrow();
  await cluster.admit();
  expect(kafka.takeRequests()).toEqual([]);

  // The same with nothing heard since: the next one has to probe.
  await expect(cluster.any(() => Promise.reject(silent))).rejects.toThrow();
  await cluster.admit().catch(() => undefined);
  expect(kafka.takeRequests()).not.toEqual([]);
});
