import { FindCoordinatorKeyTypes } from '@platformatic/kafka';
import { BrokerCalls, type TransportOptions } from './broker-calls.ts';
import { fetchRecords, timestampsOf } from './fetch-api.ts';
import { groupCalls } from './group-calls.ts';
import type { Transport } from './transport.ts';

/**
 * The low-level layer of @platformatic/kafka: one connection per broker, no metadata of its own, no
 * retries, and partial answers (its Admin class is all or nothing and multiplies retries).
 */
export function createTransport(options: TransportOptions): Transport {
  const calls = new BrokerCalls(options);
  return {
    apiVersions: (to) => calls.negotiate(to),
    metadata: (to, topics) =>
      calls.call(to, 'Metadata', (c, apis) => apis.metadata.async(c, topics)),
    async findCoordinators(to, groups) {
      const answer = await calls.call(to, 'FindCoordinator', (c, apis) =>
        apis.findCoordinator.async(c, FindCoordinatorKeyTypes.GROUP, [...groups]),
      );
      return answer.coordinators;
    },
    fetchOffsets: (to, groups) =>
      calls.call(to, 'OffsetFetch', (c, apis) => apis.offsetFetch.async(c, groups)),
    async fetchTimestamps(to, wanted) {
      const fetched = await calls.call(to, 'Fetch', (c) => fetchRecords.async(c, wanted));
      return timestampsOf(wanted, fetched);
    },
    listOffsets: (to, query) =>
      calls.call(to, 'ListOffsets', (c, apis) => apis.listOffsets.async(c, query)),
    ...groupCalls(calls),
    answers: (at, signal) => calls.reacts(at, signal),
    close: async () => calls.close(),
  };
}
