import type { Clock } from '../controller/clock.ts';
import { KafkaError } from './kafka-error.ts';
import {
  type Address,
  addressText,
  type DescribedGroup,
  type DescribeItem,
  type FetchedTimestamp,
  type OffsetPosition,
  type OffsetsQuery,
  type Transport,
  type WantedOffsets,
} from './transport.ts';

/** A clock that can skip ahead; its timers are real, so keep the delays of a test short. */
export class SkippingClock implements Clock {
  #skippedMs = 0;
  #setMs = 0;
  readonly #stoppedAt: number | undefined;

  /** @param stopped only `skip` moves it: for what must not depend on how long a test takes */
  constructor(stopped?: 'stopped') {
    this.#stoppedAt = stopped && Date.now();
  }
  now(): number {
    return this.monotonic() + this.#setMs;
  }
  monotonic(): number {
    return (this.#stoppedAt ?? Date.now()) + this.#skippedMs;
  }
  after(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  }
  skip(ms: number): void {
    this.#skippedMs += ms;
  }
  /** Somebody sets the wall clock: no time passes. */
  set(ms: number): void {
    this.#setMs += ms;
  }
}

/** A skipping clock on which all waiting takes a fraction of its time. */
export class HurriedClock extends SkippingClock {
  readonly #times: number;
  /** @param times how much faster */
  constructor(times: number) {
    super();
    this.#times = times;
  }
  override after(delayMs: number, callback: () => void): () => void {
    return super.after(delayMs / this.#times, callback);
  }
}

export interface FakePartition {
  leader: number;
  end: bigint;
  lastStable: bigint;
  logStart: bigint;
  /** Given for this partition instead of an offset. */
  errorCode: number;
}

interface FakeTopic {
  topicId: string;
  errorCode: number;
  partitions: FakePartition[];
}

interface FakeGroup {
  coordinator: number;
  errorCode: number;
  /** Per topic, per partition. */
  commits: Map<string, Map<number, bigint>>;
  classic: FakeMembers | undefined;
  consumer: FakeMembers | undefined;
  share: FakeMembers | undefined;
}

type FakeMembers = Omit<DescribedGroup, 'groupId' | 'errorCode'>;

/** @param owned per member: topic to partitions */
export function fakeMembers(
  state: string,
  assignor: string | undefined,
  ...owned: readonly Readonly<Record<string, readonly number[]>>[]
): FakeMembers {
  const assignments = owned.map((topics, i) => ({
    memberId: `member-${i}`,
    clientId: 'client',
    host: `/10.0.0.${i}`,
    groupInstanceId: undefined,
    partitions: Object.entries(topics).map(([topic, partitions]) => ({ topic, partitions })),
  }));
  const assignedMembers = owned.filter((topics) => Object.values(topics).flat().length > 0).length;
  const protocolType = 'consumer';
  return { state, protocolType, members: owned.length, assignedMembers, assignor, assignments };
}

/** `cutting`: every answer ends in the middle. */
export type Health = 'up' | 'silent' | 'refusing' | 'unauthenticated' | 'cutting';

export interface FakeRequest {
  readonly api: string;
  readonly broker: number;
  /** Groups or topics asked for. */
  readonly items: readonly string[];
  readonly detail?: string;
}

const code = {
  unknownTopic: 3,
  notLeader: 6,
  notCoordinator: 16,
  unsupportedVersion: 35,
  invalidRequest: 42,
  unknownGroup: 69,
} as const;

const kinds = ['classic', 'consumer', 'share'] as const;
type Kind = (typeof kinds)[number];

/** A Kafka cluster with state: brokers that fail, leaders and coordinators that move. */
export class FakeKafka {
  readonly health = new Map<number, Health>();
  readonly topics = new Map<string, FakeTopic>();
  readonly groups = new Map<string, FakeGroup>();
  readonly requests: FakeRequest[] = [];
  readonly #requestTimeoutMs: number;
  #topicIds = 0;
  closed = 0;
  /** Brokers whose versions nobody speaks. */
  readonly tooOld = new Set<number>();
  /** Kinds of groups that brokers know and do not have. */
  readonly switchedOff = new Set<Kind>();
  /** `topic/partition` whose batches are too large for an answer. Record n was written at n seconds. */
  readonly oversized = new Set<string>();
  /** The host that brokers and coordinators are said to be at; bootstrap servers are at `kafka`. */
  advertisedHost = 'kafka';
  /** Hosts that nobody can reach. */
  readonly unreachable = new Set<string>();
  /** Runs before each answer, e.g. to change the cluster in the middle of a tick. */
  onRequest: (request: FakeRequest) => void = () => undefined;
  /** Answers that wait for `released`. */
  holds: (request: FakeRequest) => boolean = () => false;
  released: Promise<void> = Promise.resolve();

  constructor(brokers: number, requestTimeoutMs = 100) {
    for (let id = 1; id <= brokers; id += 1) this.health.set(id, 'up');
    this.#requestTimeoutMs = requestTimeoutMs;
  }

  get seeds(): readonly Address[] {
    return [...this.health.keys()].map((id) => ({ host: 'kafka', port: id }));
  }

  /** Partition i is led by broker i modulo the brokers, from 1. */
  createTopic(name: string, ends: readonly bigint[]): FakePartition[] {
    const partitions = ends.map((end, i) => this.#partition(i, end));
    this.#topicIds += 1;
    this.topics.set(name, { topicId: `id-${this.#topicIds}`, errorCode: 0, partitions });
    return partitions;
  }

  grow(name: string, end: bigint): void {
    const partitions = this.topics.get(name)?.partitions ?? [];
    partitions.push(this.#partition(partitions.length, end));
  }

  #partition(i: number, end: bigint): FakePartition {
    return { leader: (i % this.health.size) + 1, end, lastStable: end, logStart: 0n, errorCode: 0 };
  }

  createGroup(groupId: string, coordinator = 1): FakeGroup {
    const group: FakeGroup = {
      coordinator,
      errorCode: 0,
      commits: new Map(),
      classic: { ...fakeMembers('Empty', undefined), protocolType: '' },
      consumer: undefined,
      share: undefined,
    };
    this.groups.set(groupId, group);
    return group;
  }

  commit(groupId: string, topic: string, offsets: Readonly<Record<number, bigint>>): void {
    const { commits } = this.groups.get(groupId) ?? this.createGroup(groupId);
    const known = commits.get(topic) ?? new Map();
    commits.set(topic, known);
    for (const [partition, offset] of Object.entries(offsets)) known.set(Number(partition), offset);
  }

  /** Requests since the last call, as `Api@broker`, in order of the names. */
  takeRequests(): readonly string[] {
    return this.requests
      .splice(0)
      .map((r) => `${r.api}@${r.broker}`)
      .sort();
  }

  transport(): Transport {
    return {
      apiVersions: (to) => this.#answer(to, 'ApiVersions', [], () => undefined),
      metadata: (to, topics) => this.#answer(to, 'Metadata', topics, () => this.#metadata(topics)),
      findCoordinators: (to, groups) =>
        this.#answer(to, 'FindCoordinator', groups, () =>
          groups.map((key) => {
            const port = this.groups.get(key)?.coordinator ?? 1;
            return { key, host: this.advertisedHost, port, errorCode: 0 };
          }),
        ),
      fetchOffsets: (to, groups) => {
        const ids = groups.map((g) => g.groupId);
        return this.#answer(to, 'OffsetFetch', ids, () => groups.map((g) => this.#offsets(to, g)));
      },
      listOffsets: (to, query) =>
        this.#answer(
          to,
          'ListOffsets',
          query.topics.map((t) => t.name),
          () => this.#list(to, query),
          `${query.position} ${query.isolationLevel}`,
        ),
      fetchTimestamps: (to, wanted) => {
        const keys = wanted.map((w) => `${w.topic}/${w.partition}`);
        return this.#answer(to, 'Fetch', keys, () => wanted.map((w) => this.#timestamp(to, w)));
      },
      describeGroups: (to, items) =>
        this.#answer(to, 'DescribeGroups', idsOf(items), () =>
          items.map((item) => this.#describe(to, item, 'classic')),
        ),
      describeConsumerGroups: (to, items) =>
        this.#answer(to, 'ConsumerGroupDescribe', idsOf(items), () =>
          items.map((item) => this.#describe(to, item, 'consumer')),
        ),
      describeShareGroups: (to, items) =>
        this.#answer(to, 'ShareGroupDescribe', idsOf(items), () =>
          items.map((item) => this.#describe(to, item, 'share')),
        ),
      listGroups: (to) =>
        this.#answer(to, 'ListGroups', [], () =>
          [...this.groups].flatMap(([groupId, group]) => {
            const type = kinds.find((kind) => group[kind]);
            if (!type || group.coordinator !== to.port) return [];
            return [{ groupId, type, protocolType: group[type]?.protocolType ?? '' }];
          }),
        ),
      answers: (at, signal) => {
        this.requests.push({ api: 'Knock', broker: at.port, items: [] });
        return this.#untilUp(at, signal);
      },
      close: async () => {
        this.closed += 1;
      },
    };
  }

  async #answer<T>(
    to: Address,
    api: string,
    items: readonly string[],
    answer: () => T,
    detail = '',
  ): Promise<T> {
    const request = { api, broker: to.port, items, detail };
    this.requests.push(request);
    await new Promise((resolve) => setImmediate(resolve));
    this.onRequest(request);
    if (this.holds(request)) await this.released;
    const health = this.#healthAt(to);
    const where = addressText(to);
    if (health === 'up' && this.tooOld.has(to.port))
      throw new KafkaError('UnsupportedBroker', `${where}: too old`);
    if (health === 'up') return answer();
    if (health === 'silent') {
      await new Promise((resolve) => setTimeout(resolve, this.#requestTimeoutMs));
    }
    if (health === 'unauthenticated')
      throw new KafkaError('AuthenticationFailed', `${where}: connect: SASL: refused`);
    const reaction = health === 'cutting' ? 'hangUp' : 'none';
    throw new KafkaError('KafkaUnreachable', `${where}: ${api}: ${health}`, { reaction });
  }

  #healthAt({ host, port }: Address): Health {
    return this.unreachable.has(host) ? 'refusing' : (this.health.get(port) ?? 'refusing');
  }

  async #untilUp(at: Address, signal: AbortSignal): Promise<void> {
    while (this.#healthAt(at) === 'silent' && !signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    signal.throwIfAborted();
    if (['refusing', 'cutting'].includes(this.#healthAt(at))) throw new Error('no answer');
  }

  /** As a broker does: `Dead` where a classic group is not, an error for the other kinds. */
  #describe(to: Address, { groupId, withAssignments }: DescribeItem, kind: Kind): DescribedGroup {
    const group = this.groups.get(groupId);
    const found = group?.[kind];
    const assignments = withAssignments ? found?.assignments : undefined;
    if (group && group.coordinator !== to.port) {
      return { ...fakeMembers('', undefined), groupId, errorCode: code.notCoordinator };
    }
    if (found) return { ...found, groupId, errorCode: group.errorCode, assignments };
    const isOff = this.switchedOff.has(kind);
    const errorCode = isOff ? code.unsupportedVersion : kind === 'classic' ? 0 : code.unknownGroup;
    return { ...fakeMembers(kind === 'classic' ? 'Dead' : '', undefined), groupId, errorCode };
  }

  #metadata(names: readonly string[]) {
    const topics = names.map((name) => {
      const topic = this.topics.get(name);
      if (!topic) return { name, errorCode: code.unknownTopic, topicId: '', partitions: [] };
      const { topicId, errorCode } = topic;
      const partitions = topic.partitions.map((p, partitionIndex) => ({
        partitionIndex,
        leaderId: p.leader,
      }));
      return { name, errorCode, topicId, partitions: errorCode === 0 ? partitions.reverse() : [] };
    });
    const brokers = [...this.health.keys()].map((nodeId) => ({
      nodeId,
      host: this.advertisedHost,
      port: nodeId,
    }));
    return { brokers, topics: topics.reverse() };
  }

  #offsets(to: Address, { groupId, topics }: WantedOffsets) {
    const group = this.groups.get(groupId);
    const moved = group && group.coordinator !== to.port ? code.notCoordinator : 0;
    const errorCode = moved || (group?.errorCode ?? 0);
    if (errorCode !== 0) return { groupId, errorCode, topics: [] };
    const commits = group?.commits ?? new Map<string, Map<number, bigint>>();
    const wanted =
      topics ?? [...commits].map(([name, offsets]) => ({ name, partitions: [...offsets.keys()] }));
    const answered = wanted.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partitionIndex) => {
        const committedOffset = commits.get(name)?.get(partitionIndex) ?? -1n;
        return { partitionIndex, committedOffset, errorCode: 0 };
      }),
    }));
    return { groupId, errorCode: 0, topics: answered };
  }

  #timestamp(to: Address, wanted: OffsetPosition): FetchedTimestamp {
    const partition = this.topics.get(wanted.topic)?.partitions[wanted.partition];
    const errorCode = errorAt(partition, to);
    const fits = !errorCode && !this.oversized.has(`${wanted.topic}/${wanted.partition}`);
    return { ...wanted, errorCode, timestamp: fits ? Number(wanted.offset) * 1000 : undefined };
  }

  #list(to: Address, { topics, position, isolationLevel }: OffsetsQuery) {
    const endOf = (p: FakePartition) =>
      isolationLevel === 'read_committed' ? p.lastStable : p.end;
    const offsetOf = (p: FakePartition) => (position === 'end' ? endOf(p) : p.logStart);
    const asked = topics.flatMap(({ name, partitions }) => partitions.map((p) => `${name}/${p}`));
    const times = Map.groupBy(asked, (partition) => partition);
    const isAskedTwice = (partition: string) => (times.get(partition)?.length ?? 0) > 1;
    const listed = (name: string, partitionIndex: number) => {
      const partition = this.topics.get(name)?.partitions[partitionIndex];
      const isDuplicate = isAskedTwice(`${name}/${partitionIndex}`);
      const errorCode = isDuplicate ? code.invalidRequest : errorAt(partition, to);
      return {
        partitionIndex,
        errorCode,
        offset: partition && !errorCode ? offsetOf(partition) : -1n,
      };
    };
    return topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((p) => listed(name, p)),
    }));
  }
}

function errorAt(partition: FakePartition | undefined, { port }: Address): number {
  if (!partition) return code.unknownTopic;
  return partition.errorCode || (partition.leader === port ? 0 : code.notLeader);
}

const idsOf = (items: readonly { readonly groupId: string }[]): readonly string[] =>
  items.map((i) => i.groupId);
