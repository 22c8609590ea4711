import type { Cluster } from './cluster.ts';
import { Coalescer } from './coalescer.ts';
import { errorOfCode, isCoordinatorMoved } from './codes.ts';
import type { Coordinators } from './coordinators.ts';
import type { Deadline } from './deadline.ts';
import { KafkaError, toKafkaError } from './kafka-error.ts';
import {
  type Address,
  addressText,
  type GroupOffsets,
  type TopicPartitions,
  type Transport,
  type WantedOffsets,
} from './transport.ts';

/** Groups per OffsetFetch request: keeps one answer well below a megabyte. */
const groupsPerRequest = 500;
/** Below this a retry could not finish in time. */
const worthARetryMs = 100;

interface Query extends WantedOffsets {
  readonly coordinator: Address;
}

/** Committed offsets of groups: one request per coordinator for all reads of a tick. */
export class Commits {
  readonly #cluster: Cluster;
  readonly #transport: Transport;
  readonly #coordinators: Coordinators;
  readonly #fetch: Coalescer<Query, GroupOffsets>;

  constructor(cluster: Cluster, transport: Transport, coordinators: Coordinators) {
    this.#cluster = cluster;
    this.#transport = transport;
    this.#coordinators = coordinators;
    this.#fetch = new Coalescer((queries) => this.#load(queries));
  }

  /**
   * What the group has committed. When its coordinator has moved it is looked up and asked again.
   * @param topics undefined: everything
   * @throws KafkaError
   */
  async of(
    groupId: string,
    topics: TopicPartitions | undefined,
    deadline: Deadline,
  ): Promise<GroupOffsets> {
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
    topics: TopicPartitions | undefined,
    before: Moved | undefined,
  ): Promise<GroupOffsets> {
    const coordinator = await this.#coordinators.of(groupId);
    const where = addressText(coordinator);
    // A coordinator that stayed silent would only use up the time that is left.
    if (before?.silent === where) throw before;
    const answer = await this.#ask({ groupId, topics, coordinator });
    if (answer.errorCode === 0) return answer;
    const error = errorOfCode(answer.errorCode, `group ${groupId} at its coordinator ${where}`);
    if (!isCoordinatorMoved(answer.errorCode)) throw error;
    this.#coordinators.forget(groupId, coordinator);
    throw new Moved(error);
  }

  async #ask(query: Query): Promise<GroupOffsets> {
    try {
      return await this.#fetch.load(query);
    } catch (error) {
      throw new Moved(toKafkaError(error), addressText(query.coordinator));
    }
  }

  #load(queries: readonly Query[]): readonly Promise<GroupOffsets>[] {
    // Named topics and "everything" cannot be asked of one group in one request.
    const byRequest = Map.groupBy(queries, (q) => `${addressText(q.coordinator)} ${!q.topics}`);
    const answers = new Map<Query, Promise<GroupOffsets>>();
    for (const batch of byRequest.values()) {
      const coordinator = batch[0]?.coordinator;
      const byGroup = [...Map.groupBy(batch, (q) => q.groupId).values()];
      for (let i = 0; coordinator && i < byGroup.length; i += groupsPerRequest) {
        const chunk = byGroup.slice(i, i + groupsPerRequest);
        const answer = this.#send(coordinator, chunk);
        for (const query of chunk.flat()) answers.set(query, answer.then(pick(query.groupId)));
      }
    }
    return queries.map((q) => answers.get(q) ?? Promise.reject(new Error('query without answer')));
  }

  async #send(coordinator: Address, chunk: readonly (readonly Query[])[]) {
    try {
      const groups = await this.#transport.fetchOffsets(coordinator, chunk.flatMap(merge));
      return new Map(groups.map((g) => [g.groupId, g]));
    } catch (error) {
      this.#cluster.noteBrokerFailure(toKafkaError(error));
      this.#coordinators.forgetBroker(coordinator);
      throw error;
    }
  }
}

/** The same group asked for by several scalers appears once, with the topics of all of them. */
function merge(queries: readonly Query[]): readonly WantedOffsets[] {
  const [first] = queries;
  if (!first) return [];
  if (queries.length === 1) return [first];
  return [{ groupId: first.groupId, topics: unionOf(queries.map((q) => q.topics)) }];
}

/** Undefined, which is everything, when any of them is. */
function unionOf(all: readonly (TopicPartitions | undefined)[]): TopicPartitions | undefined {
  const union = new Map<string, Set<number>>();
  for (const topics of all) {
    if (!topics) return undefined;
    for (const [name, partitions] of topics) {
      union.set(name, new Set([...(union.get(name) ?? []), ...partitions]));
    }
  }
  return new Map([...union].map(([name, partitions]) => [name, [...partitions]]));
}

const pick =
  (groupId: string) =>
  (answer: ReadonlyMap<string, GroupOffsets>): GroupOffsets => {
    const found = answer.get(groupId);
    if (found) return found;
    throw new KafkaError('LagUnknown', `group ${groupId}: the broker left it out of its answer`);
  };

/** Asking another broker may help. */
class Moved extends KafkaError {
  /** The coordinator that gave no answer at all. */
  readonly silent: string | undefined;
  constructor(cause: KafkaError, silent?: string) {
    super(cause.reason, cause.message, { cause });
    this.silent = silent;
  }
}
