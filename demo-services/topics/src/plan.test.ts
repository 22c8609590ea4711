import { expect, test } from 'vitest';
import { describePlan, type ExistingTopic, isDone, planTopics } from './plan.ts';

const declared = [{ name: 'a', partitions: 60, replicationFactor: 3 }];

interface Expected {
  readonly lines?: readonly string[];
  readonly problems?: readonly string[];
}
const has = (partitions: number, replicationFactor = 3) => ({
  a: { partitions, replicationFactor },
});

test.for<[string, Readonly<Record<string, ExistingTopic>>, Expected]>([
  ['a missing topic is created', {}, { lines: ['create a: 60 partitions, replication factor 3'] }],
  ['a topic as declared is left alone', has(60), {}],
  ['a topic that nobody declared is left alone', { ...has(60), b: has(1).a }, {}],
  ['too few partitions become more', has(59), { lines: ['grow a to 60 partitions'] }],
  [
    'too many partitions stay, and are told',
    has(61),
    { problems: ['a has 61 partitions, declared are 60: Kafka cannot take partitions away'] },
  ],
  [
    'another replication factor stays, and is told',
    has(60, 1),
    { problems: ['a has replication factor 1, declared is 3'] },
  ],
  [
    'both are told',
    has(61, 1),
    { problems: ['a has 61 partitions', 'a has replication factor 1'] },
  ],
])('%s', ([, existing, { lines = [], problems = [] }]) => {
  const plan = planTopics(declared, new Map(Object.entries(existing)));
  expect(describePlan(plan)).toEqual(lines);
  expect(isDone(plan)).toBe(lines.length === 0);
  expect(plan.problems).toEqual(problems.map((problem) => expect.stringContaining(problem)));
});

test('the problems of all topics are told at once', () => {
  const three = ['a', 'b', 'c'].map((name) => ({ name, partitions: 6, replicationFactor: 3 }));
  const existing = new Map(three.map(({ name }) => [name, has(7).a]));
  expect(planTopics(three, existing).problems).toHaveLength(3);
});
