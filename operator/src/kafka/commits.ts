import { Coalescer } from './coalescer.ts';
import { errorOfCode, isCoordinatorMoved } from './codes.ts';
import type { Coordinators } from './coordinators.ts';
import type { Deadline } from './deadline.ts';
import { KafkaError, toKafkaError } from './kafka-error.ts';
import type { TopicScope } from './scope.ts';
import {
  type Address,
  addressText,
  type GroupOffsets,
  type TopicPartitions,
  type Transport,
  type WantedOffsets,
} from './transport.ts';

/** Groups per OffsetFetch request: with ten partitions each an answer is about half a megabyte. */
const groupsPerRequest = 1_500;
/** Below this a retry could not finish in time. */
const worthARetryMs = 100;

interface Query {
  readonly groupId: string;
  /** Undefined: everything. */
  readonly topics: readonly TopicScope[] | undefined;
  readonly coordinator: Address;
}

/** By group. */
type Answers = ReadonlyMap<string, GroupOffsets>;

/** Committed offsets of groups: one request per coordinator for all reads of a tick. */
export class Commits {
  readonly #transport: Transport;
  readonly #coordinators: Coordinators;
  readonly #fetch: Coalescer<Query, ReadonlyMap<Query, Promise<Answers>>>;

  constructor(transport: Transport, coordinators: Coordinators) {
    this.#transport = transport;
    this.#coordinators = coordinators;
    this.#fetch = new Coalescer((queries) => this.#load(queries));
  }

  /**
   * What the group has committed. When its coordinator has moved it is looked up and asked again.
   * @param topics undefined: everything
   * @throws KafkaError
   */
  async of(groupId: string, topics: Query['topics'], deadline: Deadline): Promise<GroupOffsets> {
    try {
      return await this.#attempt(groupId, topics, undefined);
    } catch (error) {
      const cause = toKafkaError(error);
      deadline.note(cause);
      if (!(error instanceof Moved) || deadline.remainingMs() < worthARetryMs) throw cause;
      return await this.#attempt(groupId, topics, error);
    }
  }

  async #attempt(
    groupId: string,
    topics: Query['topics'],
    before: Moved | undefined,
  ): Promise<GroupOffsets> {
    const found = this.#coordinators.of(groupId);
    const coordinator = found instanceof Promise ? await found : found;
    // A coordinator that stayed silent would only use up the time that is left.
    if (before?.silent === coordinator) throw before;
    const query = { groupId, topics, coordinator };
    const answers = await (await this.#fetch.load(query)).get(query);
    const answer = answers?.get(groupId);
    if (!answer) throw leftOut(groupId);
    if (answer.errorCode === 0) return answer;
    const where = addressText(coordinator);
    const error = errorOfCode(answer.errorCode, `group ${groupId} at its coordinator ${where}`);
    if (!isCoordinatorMoved(answer.errorCode)) throw error;
    this.#coordinators.forget(groupId, coordinator);
    throw new Moved(error);
  }

  #load(queries: readonly Query[]): ReadonlyMap<Query, Promise<Answers>> {
    const answers = new Map<Query, Promise<Answers>>();
    for (const [coordinator, asked] of Map.groupBy(queries, (q) => q.coordinator)) {
      for (const chunk of chunksOf(asked)) {
        const answer = this.#send(coordinator, chunk);
        for (const query of chunk.flat()) answers.set(query, answer);
      }
    }
    return answers;
  }

  /** @throws Moved when the coordinator gave no answer */
  async #send(coordinator: Address, chunk: Chunk): Promise<Answers> {
    try {
      const groups = await this.#transport.fetchOffsets(coordinator, chunk.map(merge));
      return new Map(groups.map((g) => [g.groupId, g]));
    } catch (error) {
      this.#coordinators.forgetBroker(coordinator);
      throw new Moved(toKafkaError(error), coordinator);
    }
  }
}

/** What goes into one request: for each group all queries about it. */
type Chunk = readonly (readonly Query[])[];

function chunksOf(asked: readonly Query[]): readonly Chunk[] {
  // Named topics and "everything" cannot be asked of one group in one request.
  const kinds = [asked.filter((q) => q.topics), asked.filter((q) => !q.topics)];
  return kinds.flatMap((queries) => {
    const byGroup = [...Map.groupBy(queries, (q) => q.groupId).values()];
    const count = Math.ceil(byGroup.length / groupsPerRequest);
    return Array.from({ length: count }, (_, i) =>
      byGroup.slice(i * groupsPerRequest, (i + 1) * groupsPerRequest),
    );
  });
}

/** The same group asked for by several scalers appears once, with the topics of all of them. */
function merge(queries: readonly Query[]): WantedOffsets {
  const [first, ...others] = queries;
  const groupId = first?.groupId ?? '';
  const scopes = first?.topics;
  if (!scopes) return { groupId, topics: undefined };
  if (others.length > 0) return { groupId, topics: unionOf(queries) };
  return { groupId, topics: scopes.map(toTopicPartitions) };
}

const toTopicPartitions = ({ topic, partitions }: TopicScope): TopicPartitions => ({
  name: topic.name,
  partitions,
});

function unionOf(queries: readonly Query[]): readonly TopicPartitions[] {
  const union = new Map<string, Set<number>>();
  for (const { topic, partitions } of queries.flatMap((q) => q.topics ?? [])) {
    union.set(topic.name, new Set([...(union.get(topic.name) ?? []), ...partitions]));
  }
  return [...union].map(([name, partitions]) => ({ name, partitions: [...partitions] }));
}

const leftOut = (groupId: string): KafkaError =>
  new KafkaError('LagUnknown', `group ${groupId}: the broker left it out of its answer`);

/** Asking another broker may help. */
class Moved extends KafkaError {
  /** The coordinator that gave no answer at all. */
  readonly silent: Address | undefined;
  constructor(cause: KafkaError, silent?: Address) {
    super(cause.reason, cause.message, { cause });
    this.silent = silent;
  }
}
