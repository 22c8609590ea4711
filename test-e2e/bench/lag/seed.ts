import {
  type Broker,
  type Connection,
  ConnectionPool,
  createTopicsV7,
  findCoordinatorV6,
  offsetCommitV8,
} from '@platformatic/kafka';
import { until } from '../../until.ts';
import { chunks } from '../stage.ts';
import { inParallel } from './in-parallel.ts';
import { committedBy, groupName, partitionsPerTopic, placed, range, topicName } from './layout.ts';
import { produceOnce, type TopicPartition } from './records.ts';

/** Well below 10,000 records of metadata in one request, which a controller refuses. */
const topicsPerRequest = 50;
const partitionsPerProduce = 200;
const groupsPerLookup = 1000;
const requestMs = 60_000;
const settleMs = 300_000;

/** Where the partitions of a topic lie: the id of its broker for each. */
type Placement = ReadonlyMap<number, readonly number[]>;
type Update = (detail: string) => void;

/** Topics, records and commits, as many requests at once as the brokers bear. */
export class Seeder {
  readonly #pool = new ConnectionPool('bench-seed', {
    requestTimeout: requestMs,
    connectTimeout: 10_000,
    maxInflights: 8,
  });
  readonly #brokers: readonly Broker[];

  constructor(servers: readonly string[]) {
    this.#brokers = servers.map((server) => {
      const [host = '', port] = server.split(':');
      return { host, port: Number(port) };
    });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /** @param loads how many partitions each broker has already, by its id */
  async createTopics(
    indices: readonly number[],
    loads: Map<number, number>,
    update: Update,
  ): Promise<Placement> {
    const placement = new Map<number, readonly number[]>();
    for (const index of indices) placement.set(index, placed(partitionsPerTopic, loads));
    for (const chunk of chunks([...indices], topicsPerRequest)) {
      const topics = chunk.map((index) => newTopic(index, placement.get(index) ?? []));
      await createTopicsV7.api.async(await this.#any(), topics, requestMs, false);
      update(`${((chunk.at(-1) ?? 0) + 1) * partitionsPerTopic} partitions`);
    }
    return placement;
  }

  /** One batch for each partition, once its broker has made the log. */
  async produce(placement: Placement, update: Update): Promise<void> {
    const all = [...placement].flatMap(([topic, ids]) =>
      ids.map((id, partition) => ({ id, topic, partition })),
    );
    let done = 0;
    await Promise.all(
      [...Map.groupBy(all, (one) => one.id)].map(async ([id, led]) => {
        for (const chunk of chunks(led, partitionsPerProduce)) {
          await this.#produceAll(this.#broker(id), chunk);
          done += chunk.length;
          update(`${done} of ${all.length} partitions`);
        }
      }),
    );
  }

  async #produceAll(to: Broker, partitions: readonly TopicPartition[]): Promise<void> {
    let rest = partitions;
    await until(
      'every partition has its records',
      async () => {
        rest = await produceOnce(await this.#pool.get(to), rest, requestMs);
        return rest.length === 0;
      },
      { withinMs: settleMs, everyMs: 1000, seen: () => rest.length },
    );
  }

  /** @param topicOf the topic of a group, by their numbers */
  async commit(
    groups: readonly number[],
    topicOf: (group: number) => number,
    update: Update,
  ): Promise<void> {
    const coordinators = await this.#coordinators(groups);
    let done = 0;
    await Promise.all(
      [...Map.groupBy(groups, (group) => coordinators.get(group))].map(([nodeId = 0, own]) =>
        inParallel(own, 4, async (group) => {
          await this.#commitOne(this.#broker(nodeId), group, topicOf(group));
          update(`${++done} of ${groups.length} groups`);
        }),
      ),
    );
  }

  async #coordinators(groups: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const found = new Map<number, number>();
    for (const chunk of chunks([...groups], groupsPerLookup)) {
      const byName = new Map(chunk.map((group) => [groupName(group), group]));
      // The first question ever makes the offsets topic: there are no coordinators yet.
      await until('every group has a coordinator', async () => {
        const names = [...byName.keys()];
        const { coordinators } = await findCoordinatorV6.api.async(await this.#any(), 0, names);
        for (const { key, nodeId } of coordinators) found.set(byName.get(key) ?? -1, nodeId);
        return true;
      });
    }
    return found;
  }

  async #commitOne(coordinator: Broker, group: number, topic: number): Promise<void> {
    const partitions = range(0, partitionsPerTopic).map((partitionIndex) => ({
      partitionIndex,
      committedOffset: BigInt(committedBy(group, topic, partitionIndex)),
      committedLeaderEpoch: -1,
      committedMetadata: '',
    }));
    const topics = [{ name: topicName(topic), partitions }];
    // A coordinator may still be loading, and a new topic reaches it a little later than the others.
    await until(`${groupName(group)} has committed`, async () => {
      const connection = await this.#pool.get(coordinator);
      await offsetCommitV8.api.async(connection, groupName(group), -1, '', null, topics);
      return true;
    });
  }

  #any(): Promise<Connection> {
    return this.#pool.getFirstAvailable([...this.#brokers]);
  }

  #broker(id: number): Broker {
    const broker = this.#brokers[id - 1];
    if (!broker) throw new Error(`there is no broker ${id}`);
    return broker;
  }
}

function newTopic(index: number, placement: readonly number[]) {
  return {
    name: topicName(index),
    numPartitions: -1,
    replicationFactor: -1,
    assignments: placement.map((id, partitionIndex) => ({ partitionIndex, brokerIds: [id] })),
    // Two files a partition, each mapped into memory at its full size, which is 10 MiB by default.
    configs: [{ name: 'segment.index.bytes', value: '1024' }],
  };
}
