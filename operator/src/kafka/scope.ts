import type { LagRequest } from '../controller/ports.ts';
import type { Commits } from './commits.ts';
import type { Deadline } from './deadline.ts';
import type { Described } from './groups.ts';
import { KafkaError } from './kafka-error.ts';
import { partitionsByTopic, type TopicPartition } from './slot.ts';
import type { Topic, Topics } from './topics.ts';
import type { GroupOffsets } from './transport.ts';

/** What a group has committed, and the partitions its lag is made of. */
export interface Scope {
  readonly commits: GroupOffsets;
  /** Never empty. */
  readonly partitions: readonly TopicPartition[];
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
  of(request: LagRequest, described: Promise<Described>, deadline: Deadline): Promise<Scope> {
    return request.topics.length > 0
      ? this.#named(request, deadline)
      : this.#discovered(request, described, deadline);
  }

  async #named(request: LagRequest, deadline: Deadline): Promise<Scope> {
    const names = [...new Set(request.topics)];
    const partitions = await this.#partitions(names, request.partitions);
    const wanted = partitionsByTopic(partitions);
    return { commits: await this.#commits.of(request.group, wanted, deadline), partitions };
  }

  async #discovered(
    request: LagRequest,
    described: Promise<Described>,
    deadline: Deadline,
  ): Promise<Scope> {
    const commits = await this.#commits.of(request.group, undefined, deadline);
    const assigned = (await deadline.part(described))?.topics ?? [];
    const names = [...new Set([...committedTopics(commits), ...assigned])].sort();
    // No topics is not all topics (KEDA #8104).
    if (names.length === 0) {
      const what = `group ${request.group} has neither commits nor assignments: set spec.consumer.topics or start a consumer`;
      throw new KafkaError('NoTopics', what);
    }
    const partitions = await this.#partitions(names, request.partitions);
    return { commits: withNeverCommitted(commits, partitions), partitions };
  }

  /** @throws KafkaError TopicNotFound, also for partitions that do not exist */
  async #partitions(
    names: readonly string[],
    filter: readonly number[] | undefined,
  ): Promise<readonly TopicPartition[]> {
    const topics = await this.#topics.get(names);
    if (!filter) return topics.flatMap((topic) => partitionsOf(topic, [...topic.leaders.keys()]));
    const short = topics.filter((topic) => missingFrom(topic, filter).length > 0);
    for (const topic of short) this.#topics.forget(topic); // it may have grown
    const fresh = short.length > 0 ? await this.#topics.get(names) : topics;
    for (const topic of fresh) refuseMissing(topic, filter);
    return fresh.flatMap((topic) => partitionsOf(topic, [...new Set(filter)]));
  }
}

const partitionsOf = (topic: Topic, partitions: readonly number[]): TopicPartition[] =>
  partitions.map((partition) => ({ topic, partition }));

const missingFrom = ({ leaders }: Topic, filter: readonly number[]): readonly number[] =>
  filter.filter((partition) => !leaders.has(partition));

function refuseMissing(topic: Topic, filter: readonly number[]): void {
  const missing = missingFrom(topic, filter);
  if (missing.length === 0) return;
  const what = `topic ${topic.name} has ${topic.leaders.size} partitions, but spec.consumer.partitions names ${missing.join(', ')}: correct it`;
  throw new KafkaError('TopicNotFound', what);
}

const committedTopics = ({ topics }: GroupOffsets): readonly string[] =>
  topics.filter((t) => t.partitions.some((p) => p.committedOffset >= 0n)).map((t) => t.name);

/** The answer to "everything" leaves out what was never committed; only there absence means that. */
function withNeverCommitted(
  commits: GroupOffsets,
  partitions: readonly TopicPartition[],
): GroupOffsets {
  const known = new Map(commits.topics.map((t) => [t.name, t.partitions]));
  const topics = [...partitionsByTopic(partitions)].map(([name, wanted]) => {
    const answered = known.get(name) ?? [];
    const committed = new Set(answered.map((p) => p.partitionIndex));
    const others = wanted.filter((partition) => !committed.has(partition));
    return { name, partitions: [...answered, ...others.map(neverCommitted)] };
  });
  return { ...commits, topics };
}

const neverCommitted = (partitionIndex: number) => ({
  partitionIndex,
  committedOffset: -1n,
  errorCode: 0,
});
