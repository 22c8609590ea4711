import { expect, test } from 'vitest';
import { readDeclaration, TopicsError } from './declaration.ts';

const topic = (name: string, partitions: number, replicationFactor = 3) => ({
  name,
  partitions,
  replicationFactor,
});

test.for<[string, string, readonly unknown[]]>([
  [
    'a topic gets 60 partitions, three replicas and a dead-letter topic with three partitions',
    'topics: {user-create: {}}',
    [topic('user-create', 60), topic('user-create.dlq', 3)],
  ],
  [
    'a topic without a value is one without overrides',
    'topics:\n  user-create:\n',
    [topic('user-create', 60), topic('user-create.dlq', 3)],
  ],
  [
    'the profile compat has six partitions, as the original',
    'profile: compat\ntopics: {a: {}}',
    [topic('a', 6), topic('a.dlq', 3)],
  ],
  [
    'the profile scale280 has a partition for each of 280 consumers',
    'profile: scale280\ntopics: {a: {maxReplicas: 280}}',
    [topic('a', 280), topic('a.dlq', 3)],
  ],
  [
    'partitions win over the profile, and those of a topic over both',
    'profile: scale280\npartitions: 12\ntopics: {a: {}, b: {partitions: 24}}',
    [topic('a', 12), topic('a.dlq', 3), topic('b', 24), topic('b.dlq', 3)],
  ],
  [
    'replicas and dead-letter partitions are values too',
    'replicationFactor: 1\ndeadLetterPartitions: 2\ntopics: {a: {}, b: {replicationFactor: 2}}',
    [topic('a', 60, 1), topic('a.dlq', 2, 1), topic('b', 60, 2), topic('b.dlq', 2, 2)],
  ],
  [
    'as many replicas as partitions are fine',
    'partitions: 6\ntopics: {a: {maxReplicas: 6}}',
    [topic('a', 6), topic('a.dlq', 3)],
  ],
  [
    'only compat lets replicas exceed the partitions',
    'profile: compat\ntopics: {a: {maxReplicas: 60}}',
    [topic('a', 6), topic('a.dlq', 3)],
  ],
])('%s', ([, yaml, expected]) => expect(readDeclaration(yaml)).toEqual(expected));

test.for<[string, string, string]>([
  ['an empty document', '', 'the document is null: it must be a mapping'],
  ['no topics', 'partitions: 6', 'topics is missing: it must be a mapping'],
  ['an empty mapping of topics', 'topics: {}', 'topics is {}: it must be a mapping'],
  ['a list of topics', 'topics: [a]', 'topics is ["a"]: it must be a mapping'],
  ['a topic that is a number', 'topics: {a: 6}', 'topics.a is 6: it must be a mapping'],
  ['no partitions', 'partitions: 0\ntopics: {a: {}}', 'partitions is 0: it must be a whole number'],
  ['text', 'topics: {a: {partitions: "6"}}', 'topics.a.partitions is "6": it must be a whole'],
  ['half a replica', 'replicationFactor: 1.5\ntopics: {a: {}}', 'replicationFactor is 1.5'],
  ['an unknown profile', 'profile: big\ntopics: {a: {}}', 'profile is "big": it must be one of'],
  ['a misspelt field', 'partition: 6\ntopics: {a: {}}', 'partition is not known'],
  ['a misspelt override', 'topics: {a: {partition: 6}}', 'topics.a.partition is not known'],
  [
    'a name Kafka refuses',
    'topics: {"user create": {}}',
    'topics.user create.name must be letters',
  ],
  ['a declared dead-letter topic', 'topics: {a: {}, a.dlq: {}}', 'topics has a.dlq twice'],
  ['YAML that is none', 'topics: {a: {}', 'it is not YAML: Flow map'],
  [
    'replicas that would idle',
    'topics: {a: {maxReplicas: 61}}',
    'topics.a.maxReplicas is 61, but the topic gets 60 partitions, so that 1 replicas would idle',
  ],
  [
    'replicas that would idle behind an override',
    'profile: scale280\ntopics: {a: {partitions: 10, maxReplicas: 60}}',
    'so that 50 replicas would idle',
  ],
])('%s is refused', ([, yaml, problem]) => {
  expect(problemsOf(yaml).join('\n')).toContain(problem);
});

test('every problem is told at once', () => {
  const yaml = 'profile: big\nreplicas: 3\ntopics: {a: {partitions: 0}, b: {maxReplicas: 1000}}';
  expect(problemsOf(yaml)).toHaveLength(4);
});

function problemsOf(yaml: string): readonly string[] {
  try {
    readDeclaration(yaml);
  } catch (error) {
    if (error instanceof TopicsError) return error.problems;
    throw error;
  }
  throw new Error('accepted');
}
