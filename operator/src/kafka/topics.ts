import type { Clock } from '../controller/clock.ts';
import type { Cluster } from './cluster.ts';
import { Coalescer } from './coalescer.ts';
import { errorOfCode } from './codes.ts';
import { KafkaError } from './kafka-error.ts';
import { RecentMap } from './recent-map.ts';
import type { Metadata, Transport } from './transport.ts';

/** Grown partitions and deleted topics are noticed within this time without any error. */
const maxAgeMs = 30_000;

export interface Topic {
  readonly name: string;
  readonly topicId: string;
  /** Partition number to the node id of its leader, -1 without one; in order of the numbers. */
  readonly leaders: ReadonlyMap<number, number>;
  /** Lives as long as the topic: first readable offsets, and when they were read. */
  readonly logStarts: Map<number, { readonly offset: bigint; readonly at: number }>;
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

  async #get(name: string): Promise<Topic> {
    const entry = this.#known.get(name);
    return entry && this.#isFresh(entry, maxAgeMs) ? entry.topic : await this.#refresh.load(name);
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
    const sorted = [...partitions].sort((a, b) => a.partitionIndex - b.partitionIndex);
    const leaders = new Map(sorted.map((p) => [p.partitionIndex, p.leaderId]));
    const logStarts = before?.topicId === topicId ? before.logStarts : new Map();
    // Without a leader the answer is only good for now.
    const outdated = sorted.some((p) => p.leaderId < 0);
    const topic = { name, topicId, leaders, logStarts };
    this.#known.set(name, { topic, readAt: this.#clock.now(), outdated });
  }
}
