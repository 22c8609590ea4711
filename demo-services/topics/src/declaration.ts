import { parseDocument } from 'yaml';
import { Fields, type Problems } from './fields.ts';

/** One topic as it must be. */
export interface DeclaredTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
}

/**
 * `compat` shows what too few partitions do, so it alone lets a scaler's maxReplicas exceed them.
 * The values are partitions per topic, unless the declaration says otherwise.
 */
export const profiles = { default: 60, compat: 6, scale280: 280 } as const;
export type Profile = keyof typeof profiles;

const profileNames: readonly Profile[] = ['default', 'compat', 'scale280'];
const deadLetterSuffix = '.dlq';
const topicName = /^[a-zA-Z0-9._-]{1,249}$/;
const partitionRange = { min: 1, max: 10_000 };

/** Every problem of a declaration, or of a declaration against what exists, in one error. */
export class TopicsError extends Error {
  readonly problems: readonly string[];

  constructor(what: string, problems: readonly string[]) {
    super(`${what}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'TopicsError';
    this.problems = problems;
  }
}

/**
 * Reads the declared topics, each followed by its dead-letter topic.
 * @param yaml see README.md
 * @throws TopicsError naming every missing, unknown or invalid field
 */
export function readDeclaration(yaml: string): readonly DeclaredTopic[] {
  const document = parseDocument(yaml);
  const problems: Problems = document.errors.map(({ message }) => firstLine(message));
  const topics = problems.length === 0 ? readTopics(document.toJS(), problems) : [];
  if (problems.length > 0) throw new TopicsError('invalid declaration of topics', problems);
  return topics;
}

interface Defaults {
  readonly profile: Profile;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly deadLetterPartitions: number;
}

function readTopics(content: unknown, problems: Problems): readonly DeclaredTopic[] {
  const fields = new Fields('', content, problems);
  fields.allowOnly([
    'profile',
    'partitions',
    'replicationFactor',
    'deadLetterPartitions',
    'topics',
  ]);
  const profile = fields.oneOf('profile', 'default', profileNames);
  const defaults: Defaults = {
    profile,
    partitions: fields.integer('partitions', partitionRange) ?? profiles[profile],
    replicationFactor: fields.integer('replicationFactor', { min: 1, max: 100 }) ?? 3,
    deadLetterPartitions: fields.integer('deadLetterPartitions', partitionRange) ?? 3,
  };
  const topics = [...fields.mappings('topics')].flatMap(([name, topic]) =>
    readTopic(name, topic, defaults),
  );
  noteDoubles(topics, fields);
  return topics;
}

function readTopic(name: string, fields: Fields, defaults: Defaults): readonly DeclaredTopic[] {
  fields.allowOnly(['partitions', 'replicationFactor', 'maxReplicas']);
  const topic = {
    name,
    partitions: fields.integer('partitions', partitionRange) ?? defaults.partitions,
    replicationFactor:
      fields.integer('replicationFactor', { min: 1, max: 100 }) ?? defaults.replicationFactor,
  };
  const deadLetters = {
    ...topic,
    name: name + deadLetterSuffix,
    partitions: defaults.deadLetterPartitions,
  };
  if (!topicName.test(deadLetters.name)) {
    fields.problem('name', 'must be letters, digits, ".", "_" and "-", at most 245 of them');
  }
  noteIdleReplicas(fields, topic, defaults.profile);
  return [topic, deadLetters];
}

/** A consumer beyond the number of partitions would never get a message. */
function noteIdleReplicas(fields: Fields, { partitions }: DeclaredTopic, profile: Profile): void {
  const maxReplicas = fields.integer('maxReplicas', { min: 1, max: 100_000 }) ?? 0;
  if (maxReplicas <= partitions || profile === 'compat') return;
  fields.problem(
    'maxReplicas',
    `is ${maxReplicas}, but the topic gets ${partitions} partitions, so that ${maxReplicas - partitions} replicas would idle: raise partitions, lower maxReplicas, or declare profile compat to allow it`,
  );
}

function noteDoubles(topics: readonly DeclaredTopic[], fields: Fields): void {
  const names = topics.map(({ name }) => name);
  const doubles = new Set(names.filter((name, at) => names.indexOf(name) !== at));
  for (const name of doubles) {
    fields.problem(
      'topics',
      `has ${name} twice: ${deadLetterSuffix} topics are added by themselves`,
    );
  }
}

/** Without the drawing of the place, which needs a terminal to be understood. */
function firstLine(message: string): string {
  return `it is not YAML: ${message.split('\n', 1)[0]}`;
}
