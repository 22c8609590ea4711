import type { Clock } from '../controller/clock.ts';
import type { Cluster } from './cluster.ts';
import { Coalescer } from './coalescer.ts';
import { errorOfCode, isLeaderMoved } from './codes.ts';
import { KafkaError } from './kafka-error.ts';
import type { Topics } from './topics.ts';
import type { FetchedTimestamp, OffsetPosition, Transport } from './transport.ts';

/** Records that are asked for within this time share their requests. */
const windowMs = 250;

interface Query extends OffsetPosition {
  readonly leader: number;
}

/** By partition. */
type Answers = ReadonlyMap<string, FetchedTimestamp>;

/**
 * When the records at given offsets were written: one Fetch per leader for all that is asked for in the
 * same tick. Needs READ on the topic.
 */
export class RecordTimestamps {
  readonly #clock: Clock;
  readonly #topics: Topics;
  readonly #cluster: Cluster;
  readonly #transport: Transport;
  readonly #fetch: Coalescer<Query, ReadonlyMap<number, Promise<Answers>>>;
  #turn = 0;
  #window: Promise<void> | undefined;

  constructor(parts: { topics: Topics; cluster: Cluster; transport: Transport; clock: Clock }) {
    const { topics, cluster, transport, clock } = parts;
    this.#clock = clock;
    this.#topics = topics;
    this.#cluster = cluster;
    this.#transport = transport;
    this.#fetch = new Coalescer((queries) => this.#load(queries));
  }

  /**
   * @returns epoch milliseconds; undefined when the record did not fit into the answer: ask again later
   * @throws KafkaError
   */
  async of(position: OffsetPosition): Promise<number | undefined> {
    await this.#together();
    const [topic] = await this.#topics.get([position.topic]);
    const leader = topic?.leaders[position.partition] ?? -1;
    const answers = await (await this.#fetch.load({ ...position, leader })).get(leader);
    const found = answers?.get(keyOf(position));
    if (found?.offset !== position.offset) return undefined;
    const { errorCode, timestamp } = found;
    if (errorCode === 0) return timestamp;
    if (topic && isLeaderMoved(errorCode)) this.#topics.forget(topic);
    throw errorOfCode(errorCode, subjectOf(position));
  }

  /** The polls of one tick end at different moments; what they ask for is not urgent. */
  #together(): Promise<void> {
    this.#window ??= new Promise((resolve) => {
      this.#clock.after(windowMs, () => {
        this.#window = undefined;
        resolve();
      });
    });
    return this.#window;
  }

  #load(queries: readonly Query[]): ReadonlyMap<number, Promise<Answers>> {
    const byLeader = Map.groupBy(queries, (q) => q.leader);
    return new Map(
      [...byLeader].map(([leader, asked]) => [leader, this.#send(leader, this.#choose(asked))]),
    );
  }

  /**
   * A request names a partition once. Only its first partition is sure to be answered, so that each of
   * them must come first at some time.
   */
  #choose(asked: readonly Query[]): readonly Query[] {
    const start = this.#turn++ % asked.length;
    const inTurn = [...asked.slice(start), ...asked.slice(0, start)];
    const chosen = new Map<string, Query>();
    for (const query of inTurn) {
      if (!chosen.has(keyOf(query))) chosen.set(keyOf(query), query);
    }
    return [...chosen.values()];
  }

  async #forget(positions: readonly OffsetPosition[]): Promise<void> {
    const names = [...new Set(positions.map(({ topic }) => topic))];
    for (const topic of await this.#topics.get(names)) this.#topics.forget(topic);
  }

  async #send(leader: number, wanted: readonly Query[]): Promise<Answers> {
    const to = this.#cluster.brokerOf(leader);
    if (!to) {
      await this.#forget(wanted);
      throw new KafkaError('LagUnknown', `${wanted.map(subjectOf).join('; ')}: no leader`);
    }
    const fetched = await this.#transport.fetchTimestamps(to, wanted);
    return new Map(fetched.map((f) => [keyOf(f), f]));
  }
}

const keyOf = ({ topic, partition }: OffsetPosition): string => `${topic}/${partition}`;

const subjectOf = ({ topic, partition }: OffsetPosition): string =>
  `topic ${topic}, partition ${partition}`;
