import type { Clock } from '../controller/clock.ts';
import type { Cluster } from './cluster.ts';
import { Coalescer } from './coalescer.ts';
import { errorOfCode } from './codes.ts';
import { KafkaError } from './kafka-error.ts';
import { LogStarts } from './log-starts.ts';
import { RecentMap } from './recent-map.ts';
import type { Metadata, TopicPartitions, Transport } from './transport.ts';

/** Grown partitions and deleted topics are noticed within this time without any error, or at the next poll. */
const maxAgeMs = 30_000;
/** From this age on it is read again beside the readings, which need not wait for it. */
const refreshAfterMs = 20_000;

/** Partitions per Metadata request, as far as they are known: an answer has some two megabytes. */
const partitionsPerRequest = 50_000;
/** Of a topic nobody has asked about yet. */
const usualPartitions = 10;

/** One incarnation of a topic, as the metadata tells of it. Partitions count from 0 without gaps. */
export interface Topic {
  readonly name: string;
  readonly topicId: string;
  /** All its partitions, in order. */
  readonly partitions: readonly number[];
  /** By partition: the node id of its leader, -1 without one. */
  readonly leaders: readonly number[];
  /** By node id, -1 for those without one, in order: what one leader is asked for. */
  readonly byLeader: ReadonlyMap<number, TopicPartitions>;
  /** Live as long as the incarnation, whoever leads it. */
  readonly logStarts: LogStarts;
}

/** The topics of one answer. @throws KafkaError the one that the topic has */
type Learnt = (name: string) => Topic;

interface Entry {
  readonly topic: Topic;
  readonly readAt: number;
  outdated: boolean;
  isRefreshing?: boolean;
}

/** Partitions and leaders of the topics in use, and of no others. */
export class Topics {
  readonly #cluster: Cluster;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #known: RecentMap<Entry>;
  readonly #refresh: Coalescer<string, ReadonlyMap<string, Promise<Learnt>>>;

  constructor(cluster: Cluster, transport: Transport, clock: Clock) {
    this.#cluster = cluster;
    this.#transport = transport;
    this.#clock = clock;
    this.#known = new RecentMap(clock);
    this.#refresh = new Coalescer((names) => this.#read(names));
  }

  /** @throws KafkaError TopicNotFound, AuthorizationFailed, or LagUnknown while a topic has no metadata */
  get(names: readonly string[]): Promise<readonly Topic[]> | readonly Topic[] {
    const topics: Topic[] = [];
    for (const name of names) {
      const topic = this.#known.get(name);
      // In most ticks all are known, and nobody need wait for a promise.
      if (!topic || !this.#isFresh(topic, refreshAfterMs)) return this.#getSome(names);
      topics.push(topic.topic);
    }
    return topics;
  }

  async #getSome(names: readonly string[]): Promise<readonly Topic[]> {
    return await Promise.all(names.map((name) => this.#get(name)));
  }

  /** Something it says has turned out to be wrong: read it again at the next use. */
  forget(topic: Topic): void {
    const entry = this.#known.get(topic.name);
    if (entry?.topic === topic) entry.outdated = true;
  }

  #get(name: string): Topic | Promise<Topic> {
    const entry = this.#known.get(name);
    if (!entry || !this.#isFresh(entry, maxAgeMs)) return this.#load(name);
    if (!this.#isFresh(entry, refreshAfterMs)) this.#refreshBeside(name, entry);
    return entry.topic;
  }

  async #load(name: string): Promise<Topic> {
    const learnt = await (await this.#refresh.load(name)).get(name);
    if (!learnt) throw new Error('a topic was left out');
    return learnt(name);
  }

  /** What goes wrong here is told by the reading that has to wait for it. */
  #refreshBeside(name: string, entry: Entry): void {
    if (entry.isRefreshing) return;
    this.#load(name).catch(() => undefined);
  }

  #isFresh({ outdated, readAt }: Entry, ageMs: number): boolean {
    return !outdated && this.#clock.now() - readAt < ageMs;
  }

  #read(names: readonly string[]): ReadonlyMap<string, Promise<Learnt>> {
    // Topics that will be due soon come along: a request every 20 s, not one per topic.
    const wanted = new Set(names);
    this.#known.forEach((entry, name) => {
      if (entry.isRefreshing || this.#isFresh(entry, refreshAfterMs / 2)) return;
      entry.isRefreshing = true;
      wanted.add(name);
    });
    const chunks = this.#chunksOf(wanted);
    const answers = new Map<string, Promise<Learnt>>();
    let previous: Promise<unknown> = Promise.resolve();
    for (const chunk of chunks) {
      // One after the other: so many answers at once would be a heap of their own.
      const answer = previous.then(() => this.#readChunk(chunk));
      previous = answer.catch(() => this.#giveUp(chunk));
      for (const name of chunk) answers.set(name, answer);
    }
    return answers;
  }

  #chunksOf(names: Iterable<string>): readonly (readonly string[])[] {
    const chunks: string[][] = [];
    let room = 0;
    for (const name of names) {
      room -= this.#known.peek(name)?.topic.leaders.length ?? usualPartitions;
      if (chunks.length === 0 || room < 0) {
        chunks.push([]);
        room = partitionsPerRequest;
      }
      chunks.at(-1)?.push(name);
    }
    return chunks;
  }

  #giveUp(names: readonly string[]): void {
    for (const name of names) {
      const entry = this.#known.peek(name);
      if (entry) entry.isRefreshing = false;
    }
  }

  async #readChunk(names: readonly string[]): Promise<Learnt> {
    return this.#learn(await this.#cluster.any((to) => this.#transport.metadata(to, names)));
  }

  #learn(metadata: Metadata): Learnt {
    this.#cluster.learn(metadata.brokers);
    const errors = new Map<string, number>();
    for (const topic of metadata.topics) {
      if (typeof topic.name !== 'string') continue;
      if (topic.errorCode === 0) this.#store(topic.name, topic);
      else errors.set(topic.name, topic.errorCode);
    }
    for (const name of errors.keys()) this.#known.delete(name);
    return (name) => {
      const topic = this.#known.get(name)?.topic;
      const errorCode = errors.get(name);
      if (errorCode !== undefined) throw errorOfCode(errorCode, `topic ${name}`);
      if (topic) return topic;
      throw new KafkaError('LagUnknown', `topic ${name}: the broker left it out of its answer`);
    };
  }

  #store(name: string, { topicId, partitions }: Metadata['topics'][number]): void {
    const before = this.#known.peek(name)?.topic;
    const leaders: number[] = new Array(partitions.length).fill(-1);
    for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId;
    const topic = topicOf({ name, topicId, leaders }, before);
    // Without a leader the answer is only good for now.
    const outdated = leaders.some((leader) => leader < 0);
    this.#known.set(name, { topic, readAt: this.#clock.now(), outdated });
  }
}

/** @param before what is known of a topic of that name */
export function topicOf(told: Pick<Topic, 'name' | 'topicId' | 'leaders'>, before?: Topic): Topic {
  const isSame = before?.topicId === told.topicId;
  // Another object, so that who doubts the answer before does not doubt this one.
  if (isSame && areEqual(before.leaders, told.leaders)) return { ...before };
  const logStarts = isSame ? before.logStarts : new LogStarts();
  const partitions = [...told.leaders.keys()];
  return { ...told, partitions, byLeader: groupByLeader(told, partitions), logStarts };
}

/** Those of the partitions that each leader leads. */
export function groupByLeader(
  { name, leaders }: Pick<Topic, 'name' | 'leaders'>,
  partitions: Iterable<number>,
): ReadonlyMap<number, TopicPartitions> {
  const groups = Map.groupBy(partitions, (partition) => leaders[partition] ?? -1);
  const sorted = [...groups].sort(([a], [b]) => a - b);
  return new Map(sorted.map(([nodeId, led]) => [nodeId, { name, partitions: led }]));
}

const areEqual = (some: readonly number[], others: readonly number[]): boolean =>
  some.length === others.length && some.every((each, i) => each === others[i]);
