import { apiVersionsV3, type Connection, FindCoordinatorKeyTypes } from '@platformatic/kafka';
import { BrokerCalls, type TransportOptions } from './broker-calls.ts';
import { toClassicGroup, toConsumerGroup } from './describe.ts';
import { answers } from './liveness.ts';
import { type Address, addressText, type OffsetsQuery, type Transport } from './transport.ts';
import { type Apis, chooseApis, newestApis, type VersionRange } from './versions.ts';

/**
 * The low-level layer of @platformatic/kafka: one connection per broker, no metadata of its own, no
 * retries, and partial answers (its Admin class is all or nothing and multiplies retries).
 */
export function createTransport(options: TransportOptions): Transport {
  const calls = new BrokerCalls(options);
  let apis: Apis = newestApis;
  const call = <T>(to: Address, api: string, send: (connection: Connection) => Promise<T>) =>
    calls.call({ to, api, send });

  return {
    async apiVersions(to) {
      const answer = await call(to, 'ApiVersions', (c) =>
        apiVersionsV3.api.async(c, 'lagscaler', '1'),
      );
      apis = chooseApis(answer.apiKeys satisfies readonly VersionRange[], addressText(to));
    },
    metadata: (to, topics) =>
      // `false`: a lookup must never create a topic, whatever the broker is configured to do.
      call(to, 'Metadata', (c) => apis.metadata.async(c, [...topics], false, false)),
    async findCoordinators(to, groups) {
      const answer = await call(to, 'FindCoordinator', (c) =>
        apis.findCoordinator.async(c, FindCoordinatorKeyTypes.GROUP, [...groups]),
      );
      return answer.coordinators;
    },
    async fetchOffsets(to, groups) {
      const wanted = groups.map(({ groupId, topics }) => ({
        groupId,
        memberId: null,
        memberEpoch: -1, // not a member: allowed for classic and KIP-848 groups alike
        topics: topics
          ? [...topics].map(([name, p]) => ({ name, partitionIndexes: [...p] }))
          : null,
      }));
      const answer = await call(to, 'OffsetFetch', (c) => apis.offsetFetch.async(c, wanted, false));
      return answer.groups;
    },
    async listOffsets(to, query) {
      const isolation = query.isolationLevel === 'read_committed' ? 1 : 0;
      const topics = toListOffsetsTopics(query);
      const answer = await call(to, 'ListOffsets', (c) =>
        apis.listOffsets.async(c, -1, isolation, topics),
      );
      return answer.topics;
    },
    async describeGroups(to, items) {
      const ids = items.map((i) => i.groupId);
      const answer = await call(to, 'DescribeGroups', (c) =>
        apis.describeGroups.async(c, ids, false),
      );
      const withTopics = new Set(items.filter((i) => i.withTopics).map((i) => i.groupId));
      return answer.groups.map((g) => toClassicGroup(g, withTopics.has(g.groupId)));
    },
    async describeConsumerGroups(to, items) {
      const api = apis.consumerGroupDescribe;
      if (!api) return [];
      const ids = items.map((i) => i.groupId);
      const answer = await call(to, 'ConsumerGroupDescribe', (c) => api.async(c, ids, false));
      return answer.groups.map(toConsumerGroup);
    },
    answers: (at, signal) => answers(at, options.pool.tls, signal),
    close: () => calls.close(),
  };
}

function toListOffsetsTopics({ topics, position }: OffsetsQuery) {
  const timestamp = position === 'end' ? -1n : -2n;
  return [...topics].map(([name, partitions]) => ({
    name,
    // -1: no fencing. Our view of the epoch may be old, and an offset is valid in any of them.
    partitions: partitions.map((partitionIndex) => ({
      partitionIndex,
      currentLeaderEpoch: -1,
      timestamp,
    })),
  }));
}
