import type { Clock } from '../controller/clock.ts';
import type { Cluster } from './cluster.ts';
import { Coalescer } from './coalescer.ts';
import { errorOfCode } from './codes.ts';
import { KafkaError } from './kafka-error.ts';
import { LogStarts } from './log-starts.ts';
import { RecentMap } from './recent-map.ts';
import type { Metadata, Transport } from './transport.ts';

/** Grown partitions and deleted topics are noticed within this time without any error. */
const maxAgeMs = 30_000;

/** One incarnation of a topic, as the metadata tells of it. Partitions count from 0 without gaps. */
export interface Topic {
  readonly name: string;
  readonly topicId: string;
  /** All its partitions, in order. */
  readonly partitions: readonly number[];
  /** By partition: the node id of its leader, -1 without one. */
  readonly leaders: readonly number[];
  /** Live as long as the incarnation, whoever leads it. */
  readonly logStarts: LogStarts;
}

interface Entry {
  readonly topic: Topic;
  readonly readAt: number;
  outdated: boolean;
}

/** Partitions and leaders of the topics in use, and of no others. */
export class Topics {
  readonly #cluster: Cluster;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #known: RecentMap<Entry>;
  readonly #refresh: Coalescer<string, Topic>;

  constructor(cluster: Cluster, transport: Transport, clock: Clock) {
    this.#cluster = cluster;
    this.#transport = transport;
    this.#clock = clock;
    this.#known = new RecentMap(clock);
    this.#refresh = new Coalescer((names) => this.#read(names));
  }

  /** @throws KafkaError TopicNotFound, AuthorizationFailed, or LagUnknown while a topic has no metadata */
  async get(names: readonly string[]): Promise<readonly Topic[]> {
    return await Promise.all(names.map((name) => this.#get(name)));
  }

  /** Something it says has turned out to be wrong: read it again at the next use. */
  forget(topic: Topic): void {
    const entry = this.#known.get(topic.name);
    if (entry?.topic === topic) entry.outdated = true;
  }

  #get(name: string): Topic | Promise<Topic> {
    const entry = this.#known.get(name);
    return entry && this.#isFresh(entry, maxAgeMs) ? entry.topic : this.#refresh.load(name);
  }

  #isFresh({ outdated, readAt }: Entry, ageMs: number): boolean {
    return !outdated && this.#clock.now() - readAt < ageMs;
  }

  #read(names: readonly string[]): readonly Promise<Topic>[] {
    // Topics that will be due soon come along: one request per half minute, not one per topic.
    const soon = [...this.#known].filter(([, entry]) => !this.#isFresh(entry, maxAgeMs / 2));
    const wanted = [...new Set([...names, ...soon.map(([name]) => name)])];
    const answer = this.#cluster
      .any((to) => this.#transport.metadata(to, wanted))
      .then((metadata) => this.#learn(metadata));
    return names.map((name) => answer.then((found) => found(name)));
  }

  #learn(metadata: Metadata): (name: string) => Topic {
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
    const logStarts = before?.topicId === topicId ? before.logStarts : new LogStarts();
    const topic = { name, topicId, partitions: [...leaders.keys()], leaders, logStarts };
    // Without a leader the answer is only good for now.
    const outdated = leaders.some((leader) => leader < 0);
    this.#known.set(name, { topic, readAt: this.#clock.now(), outdated });
  }
}
