import type { LagRequest } from '../controller/ports.ts';
import type { Commits } from './commits.ts';
import type { Deadline } from './deadline.ts';
import type { Described } from './described.ts';
import { KafkaError } from './kafka-error.ts';
import type { Topic, Topics } from './topics.ts';
import type { GroupOffsets } from './transport.ts';

/** A topic and those of its partitions that count. */
export interface TopicScope {
  readonly topic: Topic;
  readonly partitions: readonly number[];
}

/** What a group has committed, and the partitions its lag is made of. */
export interface Scope {
  readonly commits: GroupOffsets;
  /** What a partition is that the commits do not mention (traps P4). */
  readonly absent: 'none' | 'unknown';
  /** Never empty. */
  readonly topics: readonly TopicScope[];
}

/** Finds out which partitions a request is about. */
export class Scopes {
  readonly #topics: Topics;
  readonly #commits: Commits;

  constructor(topics: Topics, commits: Commits) {
    this.#topics = topics;
    this.#commits = commits;
  }

  /**
   * @param described the group, for the topics assigned to its members
   * @throws KafkaError
   */
  of(
    request: LagRequest,
    described: Described | Promise<Described>,
    deadline: Deadline,
  ): Promise<Scope> {
    return request.topics.length > 0
      ? this.#named(request, deadline)
      : this.#discovered(request, described, deadline);
  }

  async #named(request: LagRequest, deadline: Deadline): Promise<Scope> {
    const topics = await this.#partitions(distinct(request.topics), request.partitions);
    const commits = await this.#commits.of(request.group, topics, deadline);
    return { commits, absent: 'unknown', topics };
  }

  async #discovered(
    request: LagRequest,
    described: Described | Promise<Described>,
    deadline: Deadline,
  ): Promise<Scope> {
    const commits = await this.#commits.of(request.group, undefined, deadline);
    const group = await deadline.part(described);
    const names = [...new Set([...committedTopics(commits), ...(group?.topics ?? [])])].sort();
    // No topics is not all topics (KEDA #8104).
    if (names.length === 0) throw group?.refusal ?? noTopics(request.group, group);
    const topics = await this.#partitions(names, request.partitions);
    // The answer to "everything" leaves out what was never committed; only there absence means that.
    return { commits, absent: 'none', topics };
  }

  /** @throws KafkaError TopicNotFound, also for partitions that do not exist */
  async #partitions(
    names: readonly string[],
    filter: readonly number[] | undefined,
  ): Promise<readonly TopicScope[]> {
    const found = this.#topics.get(names);
    const topics = found instanceof Promise ? await found : found;
    if (!filter) return topics.map((topic) => ({ topic, partitions: topic.partitions }));
    const short = topics.filter((topic) => missingFrom(topic, filter).length > 0);
    for (const topic of short) this.#topics.forget(topic); // it may have grown
    const fresh = short.length > 0 ? await this.#topics.get(names) : topics;
    for (const topic of fresh) refuseMissing(topic, filter);
    return fresh.map((topic) => ({ topic, partitions: [...new Set(filter)] }));
  }
}

const distinct = (names: readonly string[]): readonly string[] =>
  names.length === 1 ? names : [...new Set(names)];

function noTopics(groupId: string, group: Described | undefined): KafkaError {
  const lacks = 'has neither commits nor assignments';
  const what = group?.exists === false ? `does not exist: it ${lacks}` : lacks;
  const remedy = 'set spec.consumer.topics, correct spec.consumer.group or start a consumer';
  return new KafkaError('NoTopics', `group ${groupId} ${what}: ${remedy}`);
}

const missingFrom = ({ leaders }: Topic, filter: readonly number[]): readonly number[] =>
  filter.filter((partition) => partition >= leaders.length);

function refuseMissing(topic: Topic, filter: readonly number[]): void {
  const missing = missingFrom(topic, filter);
  if (missing.length === 0) return;
  const what = `topic ${topic.name} has ${topic.leaders.length} partitions, but spec.consumer.partitions names ${missing.join(', ')}: correct it`;
  throw new KafkaError('TopicNotFound', what);
}

const committedTopics = ({ topics }: GroupOffsets): readonly string[] =>
  topics.filter((t) => t.partitions.some((p) => p.committedOffset >= 0n)).map((t) => t.name);
