import { expect, test } from 'vitest';
import { FakeBrokers } from './fake-brokers.ts';
import { createLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { createReliableProducer } from './producer.ts';

const topic = 't';

function setUp(partitions = 3) {
  const brokers = new FakeBrokers();
  brokers.createTopic(topic, partitions);
  const giveUp = new AbortController();
  const metrics = createMetrics({ consumed: [], produced: [topic] });
  const producer = createReliableProducer({
    kafka: brokers.kafka,
    log: createLog('silent', {}),
    signal: giveUp.signal,
    metrics,
  });
  let retries = 0;
  const onRetry = () => {
    retries += 1;
  };
  /** One record to partition 0, or the one given. */
  const send = (value: string, partition = 0) =>
    producer.send({ topic, messages: [{ value, partition }] }, onRetry);
  /** Holds every request until it is called. */
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    brokers.open = promise;
    return resolve;
  };
  return { brokers, giveUp, metrics, producer, send, hold, retries: () => retries, onRetry };
}

test('what is sent side by side goes in one request for each leader', async () => {
  const { brokers, send } = setUp(4);
  await Promise.all([send('a', 0), send('b', 1), send('c', 3), send('d', 0)]);
  // Partitions 0 and 3 have the same leader.
  expect(brokers.requests).toEqual(['0:a+d 3:c', '1:b']);
});

test('what is sent while a request is on its way goes together with the next', async () => {
  const { brokers, send, hold } = setUp();
  const release = hold();
  const first = send('a');
  await expect.poll(() => brokers.producers).toBe(1);
  await Promise.resolve();
  const rest = ['b', 'c', 'd'].map((value) => send(value));
  release();
  await Promise.all([first, ...rest]);
  expect(brokers.requests.length).toBeLessThanOrEqual(2);
  expect(brokers.log(topic, 0)).toEqual(['a', 'b', 'c', 'd']);
});

test('a key decides the partition as in every Kafka client', async () => {
  const { brokers, producer, onRetry } = setUp(6);
  await producer.send({ topic, messages: [{ key: 'hans', value: 'a' }] }, onRetry);
  await producer.send({ topic, messages: [{ key: 'hans', value: 'b' }] }, onRetry);
  const logs = [0, 1, 2, 3, 4, 5].map((partition) => brokers.log(topic, partition));
  expect(logs.filter((log) => log.length > 0)).toEqual([['a', 'b']]);
});

test('a partition that gave no answer, without any error, is sent again, and no other', async () => {
  const { brokers, send } = setUp(4);
  brokers.leftOut = 3;
  await Promise.all([send('a', 0), send('b', 3)]);
  expect(brokers.requests).toEqual(['0:a', '3:b']);
  expect(brokers.records(topic)).toEqual(['a', 'b']);
});

test('a request whose answer got lost is repeated as it was: nothing is doubled', async () => {
  const { brokers, send, hold, retries } = setUp();
  brokers.lostAnswers = 1;
  const release = hold();
  const first = Promise.all([send('a'), send('b')]);
  await expect.poll(() => brokers.producers).toBe(1);
  const late = send('c');
  release();
  await Promise.all([first, late]);
  expect(brokers.log(topic, 0)).toEqual(['a', 'b', 'c']);
  expect(brokers.producers).toBe(1);
  expect(retries()).toBeGreaterThan(0);
});

test('a refused record fails its own send only', async () => {
  const { brokers, send, metrics } = setUp();
  brokers.maxLength = 10;
  const sent = await Promise.allSettled([
    send('a', 0),
    send('b', 1),
    send('much too large', 0),
    send('c', 0),
    send('d', 0),
  ]);
  expect(sent.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
  ]);
  expect(sent[2]).toMatchObject({ reason: { name: 'RecordRefusedError' } });
  expect(brokers.log(topic, 0)).toEqual(['a', 'c', 'd']);
  expect(brokers.log(topic, 1)).toEqual(['b']);
  expect(await metrics.registry.metrics()).toContain('demo_messages_produced_total{topic="t"} 4');
});

test('another partition of a refused request, written already, is not doubled', async () => {
  const { brokers, send } = setUp(4);
  brokers.maxLength = 10;
  // Partitions 0 and 3 go in one request; the broker writes 3, refuses 0, and answers with the error.
  const sent = await Promise.allSettled([send('much too large', 0), send('b', 3), send('c', 3)]);
  expect(sent.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(brokers.log(topic, 3)).toEqual(['b', 'c']);
});

test('records that are too large only together are all written, in order', async () => {
  const { brokers, send } = setUp();
  brokers.maxLength = 10;
  const values = ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee'];
  await Promise.all(values.map((value) => send(value)));
  expect(brokers.log(topic, 0)).toEqual(values);
});

test('a producer beyond repair is replaced', async () => {
  const { brokers, send } = setUp();
  brokers.outOfOrder = 1;
  await send('a');
  expect(brokers.producers).toBe(2);
  expect(brokers.log(topic, 0)).toEqual(['a']);
});

test('an outage of any length ends in one record, with a sign of life for each attempt', async () => {
  const { brokers, send, retries } = setUp();
  brokers.failures = 2;
  await send('a');
  expect(retries()).toBe(2);
  expect(brokers.log(topic, 0)).toEqual(['a']);
});

test('a request that times out is a sign of life for all who wait', async () => {
  const { brokers, send, hold, retries } = setUp();
  const release = hold();
  const sent = [send('a'), send('b')];
  await expect.poll(() => brokers.producers).toBe(1);
  brokers.timeOut();
  expect(retries()).toBe(1); // both have the same listener
  release();
  await Promise.all(sent);
});

test('a missing topic is waited for, and does not hold up the others', async () => {
  const { brokers, producer, send, onRetry, retries } = setUp();
  const waiting = producer.send({ topic: 'later', messages: [{ value: 'x' }] }, onRetry);
  await expect.poll(retries).toBe(1);
  await send('a');
  brokers.createTopic('later', 1);
  await waiting;
  expect(brokers.records('later')).toEqual(['x']);
});

test('new partitions are used as soon as they are known', async () => {
  const { brokers, producer, onRetry } = setUp(1);
  const sendMany = async () => {
    const messages = Array.from({ length: 50 }, (_, index) => ({
      key: `key-${index}`,
      value: 'v',
    }));
    await producer.send({ topic, messages }, onRetry);
  };
  await sendMany();
  brokers.createTopic(topic, 3);
  await sendMany(); // kafkajs looks again within its 30 s, and shows what it saw
  await sendMany();
  expect(brokers.log(topic, 0).length).toBeLessThan(150);
  expect(brokers.records(topic)).toHaveLength(150);
});

test('a shutdown that gives up ends every send with its reason', async () => {
  const { giveUp, send, hold } = setUp();
  hold();
  const sent = [send('a'), send('b')];
  const reason = new Error('the shutdown took too long');
  giveUp.abort(reason);
  const settled = await Promise.allSettled(sent);
  expect(settled).toEqual(sent.map(() => ({ status: 'rejected', reason })));
  await expect(send('c')).rejects.toBe(reason);
});

test('a disconnect waits for what is on its way, and nothing may follow', async () => {
  const { brokers, producer, send, hold } = setUp();
  const release = hold();
  const sent = send('a');
  const gone = producer.disconnect();
  release();
  await Promise.all([sent, gone]);
  expect(brokers.log(topic, 0)).toEqual(['a']);
  await expect(send('b')).rejects.toThrow('the producer is closed');
});
