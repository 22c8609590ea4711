import type { Cluster } from './cluster.ts';
import { Coalescer } from './coalescer.ts';
import { toKafkaError } from './kafka-error.ts';
import {
  type Address,
  addressText,
  type IsolationLevel,
  type ListedOffset,
  type ListedTopic,
  type TopicPartitions,
  type Transport,
} from './transport.ts';

export interface ListQuery {
  readonly leader: Address;
  readonly isolationLevel: IsolationLevel;
  readonly position: 'end' | 'logStart';
  readonly topics: TopicPartitions;
}

/** Answers by topic and partition; shared by all that asked, so it may hold more than one asked for. */
export type ListedOffsets = ReadonlyMap<string, ReadonlyMap<number, ListedOffset>>;

/** ListOffsets: one request per leader, isolation level and position for all reads of a tick. */
export class OffsetsLister {
  readonly #cluster: Cluster;
  readonly #transport: Transport;
  readonly #list: Coalescer<ListQuery, ListedOffsets>;

  /** @param schedule when a batch is complete */
  constructor(cluster: Cluster, transport: Transport, schedule: (flush: () => void) => void) {
    this.#cluster = cluster;
    this.#transport = transport;
    this.#list = new Coalescer((queries) => this.#load(queries), schedule);
  }

  /** @throws KafkaError when the leader gave no answer at all */
  list(query: ListQuery): Promise<ListedOffsets> {
    return this.#list.load(query);
  }

  #load(queries: readonly ListQuery[]): readonly Promise<ListedOffsets>[] {
    const requests = Map.groupBy(queries, requestKey);
    const answers = new Map([...requests].map(([key, batch]) => [key, this.#send(batch)]));
    return queries.map((q) => answers.get(requestKey(q)) ?? Promise.reject(new Error('no answer')));
  }

  async #send(batch: readonly ListQuery[]): Promise<ListedOffsets> {
    const [first] = batch;
    if (!first) return new Map();
    const { leader, isolationLevel, position } = first;
    try {
      const topics = unionOf(batch);
      const answer = await this.#transport.listOffsets(leader, {
        isolationLevel,
        position,
        topics,
      });
      return indexOf(answer);
    } catch (error) {
      const cause = toKafkaError(error);
      this.#cluster.noteBrokerFailure(cause);
      throw cause;
    }
  }
}

// The log start is the same at either isolation level.
const requestKey = ({ leader, isolationLevel, position }: ListQuery): string =>
  `${addressText(leader)} ${position} ${position === 'end' ? isolationLevel : ''}`;

/** Groups that share a topic ask for the same partitions; a broker refuses a request with duplicates. */
function unionOf(batch: readonly ListQuery[]): TopicPartitions {
  const union = new Map<string, Set<number>>();
  for (const [name, partitions] of batch.flatMap((q) => [...q.topics])) {
    const wanted = union.get(name) ?? new Set();
    union.set(name, wanted);
    for (const partition of partitions) wanted.add(partition);
  }
  return new Map([...union].map(([name, wanted]) => [name, [...wanted]]));
}

function indexOf(topics: readonly ListedTopic[]): ListedOffsets {
  return new Map(
    topics.map((t) => [t.name, new Map(t.partitions.map((p) => [p.partitionIndex, p]))]),
  );
}
