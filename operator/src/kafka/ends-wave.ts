import type { Cluster } from './cluster.ts';
import { toKafkaError } from './kafka-error.ts';
import type { LogStartPace } from './log-starts.ts';
import type { TopicScope } from './scope.ts';
import { TopicEnds } from './topic-ends.ts';
import type { Topic } from './topics.ts';
import type {
  Address,
  IsolationLevel,
  ListedTopic,
  OffsetsQuery,
  TopicPartitions,
  Transport,
} from './transport.ts';

interface Parts {
  readonly cluster: Cluster;
  readonly transport: Transport;
  readonly now: () => number;
  /** Of all waves. */
  readonly pace: LogStartPace;
}

/** What one leader is asked in one request, and whom its answers are for: two lists of equal length. */
interface Question {
  readonly topics: TopicPartitions[];
  readonly askers: TopicEnds[];
}

/** What one leader is asked in one wave. */
interface LeaderPlan {
  readonly leader: Address;
  readonly ends: Record<IsolationLevel, Question>;
  /** Milliseconds, of the oldest log start. */
  logStartAge: number;
}

const isolationLevels: readonly IsolationLevel[] = ['read_uncommitted', 'read_committed'];

/**
 * The ListOffsets of all reads of a tick: one per leader and isolation level, and one more per leader
 * for the log starts that are due. The failure of a leader stays with its partitions.
 */
export class EndsWave {
  readonly #parts: Parts;
  /** By name of the topic; further views of the same one are its twins. */
  readonly #ends: Record<IsolationLevel, Map<string, TopicEnds>>;
  #hasTwins = false;
  /** By node id: settles, never rejecting, when the leader has answered all or failed. */
  readonly #answered = new Map<number, Promise<unknown>>();
  /** The same for sets of leaders. */
  readonly #allAnswered = new Map<string, Promise<unknown>>();
  readonly #sent = Promise.withResolvers<void>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#ends = { read_uncommitted: new Map(), read_committed: new Map() };
  }

  /** Only before `send`. */
  want({ topic, partitions }: TopicScope, level: IsolationLevel): TopicEnds {
    const ends = this.#endsOf(topic, this.#ends[level]);
    ends.want(partitions);
    return ends;
  }

  #endsOf(topic: Topic, all: Map<string, TopicEnds>): TopicEnds {
    const newest = all.get(topic.name);
    for (let known = newest; known; known = known.twin) if (known.topic === topic) return known;
    this.#hasTwins ||= newest !== undefined;
    const ends = new TopicEnds(topic, newest);
    all.set(topic.name, ends);
    return ends;
  }

  /**
   * Settles when the leaders of these partitions have answered or failed; never rejects. The same promise
   * for everybody who waits for the same leaders.
   */
  answered({ topic, partitions }: TopicScope): Promise<unknown> {
    const isWhole = partitions === topic.partitions;
    const leaders = isWhole
      ? [...topic.byLeader.keys()]
      : [...new Set(partitions.map((p) => topic.leaders[p] ?? -1))];
    const key = leaders.join();
    const known = this.#allAnswered.get(key);
    if (known !== undefined) return known;
    const all = this.#sent.promise.then(() =>
      Promise.all(leaders.map((leader) => this.#answered.get(leader))),
    );
    this.#allAnswered.set(key, all);
    return all;
  }

  send(): void {
    const plans = new Map<number, LeaderPlan>();
    for (const level of isolationLevels) {
      for (const newest of this.#ends[level].values()) {
        for (let ends: TopicEnds | undefined = newest; ends; ends = ends.twin)
          this.#plan(ends, level, plans);
      }
    }
    for (const [nodeId, plan] of plans) this.#answered.set(nodeId, this.#ask(nodeId, plan));
    this.#sent.resolve();
  }

  #plan(ends: TopicEnds, level: IsolationLevel, plans: Map<number, LeaderPlan>): void {
    const { logStarts } = ends.topic;
    const now = this.#parts.now();
    for (const [nodeId, wanted] of ends.wanted) {
      const plan = this.#planOf(nodeId, plans);
      if (!plan) {
        for (const partition of wanted.partitions) ends.failWithoutLeader(partition);
        continue;
      }
      plan.ends[level].topics.push(wanted);
      plan.ends[level].askers.push(ends);
      plan.logStartAge = Math.max(plan.logStartAge, logStarts.ageOf(wanted.partitions, now));
    }
  }

  #planOf(nodeId: number, plans: Map<number, LeaderPlan>): LeaderPlan | undefined {
    const known = plans.get(nodeId);
    if (known) return known;
    const leader = this.#parts.cluster.brokerOf(nodeId);
    if (!leader) return undefined;
    const nothing = (): Question => ({ topics: [], askers: [] });
    const ends = { read_uncommitted: nothing(), read_committed: nothing() };
    const plan = { leader, ends, logStartAge: 0 };
    plans.set(nodeId, plan);
    return plan;
  }

  #ask(nodeId: number, { leader, ends, logStartAge }: LeaderPlan): Promise<unknown> {
    const { now, pace } = this.#parts;
    const requests = isolationLevels.map((level) => this.#askEnds(leader, level, ends[level]));
    if (pace.takeTurn(nodeId, logStartAge, now())) {
      // The same at either isolation level.
      requests.push(this.#askLogStarts(leader, olderOnes(Object.values(ends), now())));
    }
    return Promise.all(requests);
  }

  async #askEnds(
    leader: Address,
    isolationLevel: IsolationLevel,
    { topics, askers }: Question,
  ): Promise<void> {
    if (topics.length === 0) return;
    try {
      const listed = await this.#list(leader, { isolationLevel, position: 'end', topics });
      this.#fill(listed, { topics, askers }, this.#ends[isolationLevel]);
    } catch (thrown) {
      const error = toKafkaError(thrown);
      for (const [i, { partitions }] of topics.entries()) {
        for (const partition of partitions) askers[i]?.fail(partition, { error, retry: 'silent' });
      }
    }
  }

  /** An answer is for those who asked this leader, not for another view of the topic. */
  #fill(
    listed: readonly ListedTopic[],
    { topics, askers }: Question,
    ends: ReadonlyMap<string, TopicEnds>,
  ): void {
    if (!this.#hasTwins) {
      for (const { name, partitions } of listed) ends.get(name)?.fill(partitions);
      return;
    }
    const found = new Map(listed.map(({ name, partitions }) => [name, partitions]));
    for (const [i, { name, partitions }] of topics.entries()) {
      const asked = new Set(partitions);
      askers[i]?.fill(found.get(name)?.filter((p) => asked.has(p.partitionIndex)) ?? []);
    }
  }

  /** What fails here waits for its next turn; until then the last known ones serve. */
  async #askLogStarts(
    leader: Address,
    wanted: ReadonlyMap<Topic, ReadonlySet<number>>,
  ): Promise<void> {
    // Of either isolation level, which may hold two views of one topic.
    const topics = namedOnce(
      [...wanted].map(([{ name }, set]) => ({ name, partitions: [...set] })),
    );
    const query = { isolationLevel: 'read_uncommitted', position: 'logStart', topics } as const;
    try {
      const listed = await this.#parts.transport.listOffsets(leader, query);
      const found = new Map(listed.map(({ name, partitions }) => [name, partitions]));
      const now = this.#parts.now();
      for (const { name, logStarts } of wanted.keys())
        logStarts.learn(name, found.get(name) ?? [], now);
    } catch (thrown) {
      const error = toKafkaError(thrown);
      for (const [{ logStarts }, partitions] of wanted) {
        for (const partition of partitions) logStarts.fail(partition, error);
      }
    }
  }

  #list(leader: Address, query: OffsetsQuery): ReturnType<Transport['listOffsets']> {
    const topics = this.#hasTwins ? namedOnce(query.topics) : query.topics;
    return this.#parts.transport.listOffsets(leader, { ...query, topics });
  }
}

/** Those that go into a request that is made in any case. */
function olderOnes(
  questions: readonly Question[],
  now: number,
): ReadonlyMap<Topic, ReadonlySet<number>> {
  const older = new Map<Topic, Set<number>>();
  for (const { topics, askers } of questions) {
    for (const [i, { topic }] of askers.entries()) {
      const { logStarts } = topic;
      const due = topics[i]?.partitions.filter((p) => logStarts.mayComeAlong(p, now)) ?? [];
      if (due.length > 0) older.set(topic, new Set([...(older.get(topic) ?? []), ...due]));
    }
  }
  return older;
}

/** Of a request that names a topic twice a broker answers neither (INVALID_REQUEST). */
function namedOnce(topics: OffsetsQuery['topics']): OffsetsQuery['topics'] {
  return [...Map.groupBy(topics, ({ name }) => name)].map(([name, same]) => ({
    name,
    partitions: [...new Set(same.flatMap(({ partitions }) => partitions))],
  }));
}
