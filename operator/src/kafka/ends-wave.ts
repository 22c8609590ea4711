import type { Cluster } from './cluster.ts';
import { errorOfCode } from './codes.ts';
import { toKafkaError } from './kafka-error.ts';
import type { TopicScope } from './scope.ts';
import { TopicEnds } from './topic-ends.ts';
import type { Topic } from './topics.ts';
import type {
  Address,
  IsolationLevel,
  ListedOffset,
  ListedTopic,
  OffsetsQuery,
  Transport,
} from './transport.ts';

interface Parts {
  readonly cluster: Cluster;
  readonly transport: Transport;
  readonly now: () => number;
}

/** What one leader is asked in one wave. */
interface LeaderPlan {
  readonly leader: Address;
  readonly ends: Record<IsolationLevel, Map<TopicEnds, number[]>>;
  /** The same at either isolation level; asked for as soon as one of them is due. */
  readonly logStarts: Map<Topic, Set<number>>;
  isLogStartDue: boolean;
}

const isolationLevels: readonly IsolationLevel[] = ['read_uncommitted', 'read_committed'];

/**
 * The ListOffsets of all reads of a tick: one per leader and isolation level, and one more per leader
 * for the log starts that are due. The failure of a leader stays with its partitions.
 */
export class EndsWave {
  readonly #parts: Parts;
  readonly #ends: Record<IsolationLevel, Map<Topic, TopicEnds>>;
  /** By node id: settles, never rejecting, when the leader has answered all or failed. */
  readonly #answered = new Map<number, Promise<unknown>>();
  readonly #sent = Promise.withResolvers<void>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#ends = { read_uncommitted: new Map(), read_committed: new Map() };
  }

  /** Only before `send`. */
  want({ topic, partitions }: TopicScope, level: IsolationLevel): TopicEnds {
    const topics = this.#ends[level];
    const ends = topics.get(topic) ?? new TopicEnds(topic);
    topics.set(topic, ends);
    ends.want(partitions);
    return ends;
  }

  /** Settles when the leaders of these partitions have answered or failed; never rejects. */
  async answered({ topic, partitions }: TopicScope): Promise<void> {
    await this.#sent.promise;
    const isWhole = partitions === topic.partitions;
    const leaders = isWhole
      ? topic.leaderIds
      : new Set(partitions.map((p) => topic.leaders[p] ?? -1));
    for (const leader of leaders) await this.#answered.get(leader);
  }

  send(): void {
    const plans = new Map<number, LeaderPlan>();
    for (const level of isolationLevels) {
      for (const ends of this.#ends[level].values()) this.#plan(ends, level, plans);
    }
    for (const [nodeId, plan] of plans) this.#answered.set(nodeId, this.#ask(plan));
    this.#sent.resolve();
  }

  #plan(ends: TopicEnds, level: IsolationLevel, plans: Map<number, LeaderPlan>): void {
    const { topic } = ends;
    const now = this.#parts.now();
    for (const partition of ends.wanted) {
      const plan = this.#planOf(topic.leaders[partition] ?? -1, plans);
      if (!plan) {
        ends.failWithoutLeader(partition);
        continue;
      }
      listIn(plan.ends[level], ends).push(partition);
      if (topic.logStarts.isDue(partition, now)) plan.isLogStartDue = true;
      if (topic.logStarts.mayComeAlong(partition, now)) setIn(plan.logStarts, topic).add(partition);
    }
  }

  #planOf(nodeId: number, plans: Map<number, LeaderPlan>): LeaderPlan | undefined {
    const known = plans.get(nodeId);
    if (known) return known;
    const leader = this.#parts.cluster.brokerOf(nodeId);
    if (!leader) return undefined;
    const ends = { read_uncommitted: new Map(), read_committed: new Map() };
    const plan = { leader, ends, logStarts: new Map(), isLogStartDue: false };
    plans.set(nodeId, plan);
    return plan;
  }

  #ask({ leader, ends, logStarts, isLogStartDue }: LeaderPlan): Promise<unknown> {
    const requests = isolationLevels.map((level) => this.#askEnds(leader, level, ends[level]));
    if (isLogStartDue) requests.push(this.#askLogStarts(leader, logStarts));
    return Promise.all(requests);
  }

  async #askEnds(
    leader: Address,
    isolationLevel: IsolationLevel,
    wanted: ReadonlyMap<TopicEnds, number[]>,
  ): Promise<void> {
    if (wanted.size === 0) return;
    const topics = [...wanted].map(([ends, partitions]) => ({ name: ends.topic.name, partitions }));
    try {
      const listed = await this.#list(leader, { isolationLevel, position: 'end', topics });
      for (const ends of wanted.keys()) ends.fill(listed.get(ends.topic.name) ?? []);
    } catch (thrown) {
      const error = toKafkaError(thrown);
      for (const [ends, partitions] of wanted) {
        for (const partition of partitions) ends.fail(partition, { error, retry: 'silent' });
      }
    }
  }

  /** What fails here is due again at the next tick; until then the last known ones serve. */
  async #askLogStarts(
    leader: Address,
    wanted: ReadonlyMap<Topic, ReadonlySet<number>>,
  ): Promise<void> {
    if (wanted.size === 0) return;
    const topics = [...wanted].map(([{ name }, set]) => ({ name, partitions: [...set] }));
    const query = { isolationLevel: 'read_uncommitted', position: 'logStart', topics } as const;
    try {
      const listed = await this.#list(leader, query);
      const now = this.#parts.now();
      for (const topic of wanted.keys()) noteLogStarts(topic, listed.get(topic.name) ?? [], now);
    } catch (thrown) {
      const error = toKafkaError(thrown);
      for (const [{ logStarts }, partitions] of wanted) {
        for (const partition of partitions) logStarts.fail(partition, error);
      }
    }
  }

  async #list(
    leader: Address,
    query: OffsetsQuery,
  ): Promise<ReadonlyMap<string, ListedTopic['partitions']>> {
    const topics = namedOnce(query.topics);
    const listed = await this.#parts.transport.listOffsets(leader, { ...query, topics });
    return new Map(listed.map(({ name, partitions }) => [name, partitions]));
  }
}

function noteLogStarts(
  { name, logStarts }: Topic,
  listed: readonly ListedOffset[],
  now: number,
): void {
  for (const { partitionIndex, errorCode, offset } of listed) {
    if (errorCode === 0 && offset >= 0n) {
      logStarts.set(partitionIndex, offset, now);
      continue;
    }
    const subject = `log start of topic ${name}, partition ${partitionIndex}`;
    logStarts.fail(partitionIndex, errorOfCode(errorCode, subject));
  }
}

/**
 * Reads whose metadata came in two answers hold two of the same topic; of a request that names one twice
 * a broker answers neither (INVALID_REQUEST).
 */
function namedOnce(topics: OffsetsQuery['topics']): OffsetsQuery['topics'] {
  const names = new Set(topics.map(({ name }) => name));
  if (names.size === topics.length) return topics;
  return [...Map.groupBy(topics, ({ name }) => name)].map(([name, same]) => ({
    name,
    partitions: [...new Set(same.flatMap(({ partitions }) => partitions))],
  }));
}

function listIn(map: Map<TopicEnds, number[]>, key: TopicEnds): number[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

function setIn(map: Map<Topic, Set<number>>, key: Topic): Set<number> {
  const set = map.get(key) ?? new Set();
  map.set(key, set);
  return set;
}
