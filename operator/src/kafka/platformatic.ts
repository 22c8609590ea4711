import { apiVersionsV3, type Connection, FindCoordinatorKeyTypes } from '@platformatic/kafka';
import { BrokerCalls, type TransportOptions } from './broker-calls.ts';
import { fetchRecords, timestampsOf } from './fetch-api.ts';
import { groupCalls } from './group-calls.ts';
import { type Address, addressText, type Transport } from './transport.ts';
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
    metadata: (to, topics) => call(to, 'Metadata', (c) => apis.metadata.async(c, topics)),
    async findCoordinators(to, groups) {
      const answer = await call(to, 'FindCoordinator', (c) =>
        apis.findCoordinator.async(c, FindCoordinatorKeyTypes.GROUP, [...groups]),
      );
      return answer.coordinators;
    },
    fetchOffsets: (to, groups) => call(to, 'OffsetFetch', (c) => apis.offsetFetch.async(c, groups)),
    async fetchTimestamps(to, wanted) {
      const fetched = await call(to, 'Fetch', (c) => fetchRecords.async(c, wanted));
      return timestampsOf(wanted, fetched);
    },
    listOffsets: (to, query) => call(to, 'ListOffsets', (c) => apis.listOffsets.async(c, query)),
    ...groupCalls(call, () => apis),
    answers: (at, signal) => calls.reacts(at, signal),
    close: async () => calls.close(),
  };
}
