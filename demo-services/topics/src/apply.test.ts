import { createLog } from '@lagscaler/demo-shared/log.ts';
import { expect, test } from 'vitest';
import { type ApplyOptions, applyTopics } from './apply.ts';
import { type DeclaredTopic, TopicsError } from './declaration.ts';
import type { ExistingTopic } from './plan.ts';
import type { TopicAdmin } from './topic-admin.ts';

const declared = [
  { name: 'a', partitions: 60, replicationFactor: 3 },
  { name: 'a.dlq', partitions: 3, replicationFactor: 3 },
];
const asDeclared = new Map(
  declared.map(({ name, partitions, replicationFactor }) => [
    name,
    { partitions, replicationFactor },
  ]),
);

/** Brokers that hold topics, and throw what they are told to, once each, before they work. */
class FakeBrokers implements TopicAdmin {
  readonly topics: Map<string, ExistingTopic>;
  readonly #failures: Error[];
  attempts = 0;
  onAttempt = () => {};

  constructor(topics: Readonly<Record<string, ExistingTopic>> = {}, failures: Error[] = []) {
    this.topics = new Map(Object.entries(topics));
    this.#failures = failures;
  }

  async existing(names: readonly string[]): Promise<ReadonlyMap<string, ExistingTopic>> {
    this.attempts++;
    this.onAttempt();
    const failure = this.#failures.shift();
    if (failure) throw failure;
    return new Map([...this.topics].filter(([name]) => names.includes(name)));
  }

  async create(topics: readonly DeclaredTopic[]): Promise<void> {
    for (const { name, ...topic } of topics) this.topics.set(name, topic);
  }

  async grow(topics: readonly DeclaredTopic[]): Promise<void> {
    await this.create(topics);
  }
}

function apply(admin: TopicAdmin, options: Partial<ApplyOptions> = {}): Promise<void> {
  const { signal } = new AbortController();
  const log = createLog('silent', {});
  return applyTopics({ declared, admin, signal, log, nextPauseMs: () => 0, ...options });
}

const kafkaError = (type: string) => Object.assign(new Error(type), { type });

test('creates what is missing, grows what is too small, and keeps the rest', async () => {
  const mine = { partitions: 1, replicationFactor: 1 };
  const brokers = new FakeBrokers({ a: { partitions: 6, replicationFactor: 3 }, mine });
  await apply(brokers);
  expect(brokers.topics).toEqual(new Map([...asDeclared, ['mine', mine]]));
});

test('what is as declared is only read', async () => {
  const brokers = new FakeBrokers(Object.fromEntries(asDeclared));
  brokers.create = () => Promise.reject(new Error('nothing is missing'));
  await apply(brokers);
  expect(brokers.attempts).toBe(1);
});

test('goes on when Kafka comes late, or has fewer brokers than replicas at first', async () => {
  const failures = [kafkaError('ECONNREFUSED'), kafkaError('INVALID_REPLICATION_FACTOR')];
  const brokers = new FakeBrokers({}, failures);
  await apply(brokers);
  expect(brokers.topics).toEqual(asDeclared);
});

test('is done only when the brokers show it', async () => {
  const brokers = new FakeBrokers();
  let forgotten = 0;
  const create = brokers.create.bind(brokers);
  brokers.create = async (topics) => {
    if (forgotten++ > 0) await create(topics);
  };
  await apply(brokers);
  expect(brokers.topics).toEqual(asDeclared);
});

test('a topic that would have to shrink stops everything before anything is changed', async () => {
  const brokers = new FakeBrokers({ a: { partitions: 61, replicationFactor: 3 } });
  await expect(apply(brokers)).rejects.toThrow(TopicsError);
  expect([...brokers.topics.keys()]).toEqual(['a']);
});

test('gives up at the deadline with what the brokers said last', async () => {
  const deadline = new AbortController();
  const trouble = kafkaError('BROKER_NOT_AVAILABLE');
  const brokers = new FakeBrokers({}, [trouble, trouble, trouble]);
  brokers.onAttempt = () => {
    if (brokers.attempts === 3) deadline.abort();
  };
  const applied = apply(brokers, { signal: deadline.signal });
  await expect(applied).rejects.toMatchObject({
    message: expect.stringContaining('BROKER_NOT_AVAILABLE'),
    cause: trouble,
  });
});

test('a call that hangs does not outlive the deadline', async () => {
  const brokers = new FakeBrokers();
  const deadline = new AbortController();
  brokers.existing = () => {
    deadline.abort(new Error('too late'));
    return new Promise(() => {});
  };
  await expect(apply(brokers, { signal: deadline.signal })).rejects.toMatchObject({
    cause: expect.objectContaining({ message: 'too late' }),
  });
});

test.for(['TOPIC_AUTHORIZATION_FAILED', 'SASL_AUTHENTICATION_FAILED'])(
  '%s is not waited for',
  async (type) => {
    const brokers = new FakeBrokers({}, [kafkaError(type)]);
    await expect(apply(brokers)).rejects.toThrow(type);
    expect(brokers.attempts).toBe(1);
  },
);
