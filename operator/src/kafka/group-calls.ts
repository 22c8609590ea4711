import { type Connection, type listGroupsV5, ResponseError } from '@platformatic/kafka';
import { errorOfCode } from './codes.ts';
import { notFound, toClassicGroup, toConsumerGroup, toShareGroup } from './describe.ts';
import { type Address, addressText, type DescribeItem, type Transport } from './transport.ts';
import type { Apis } from './versions.ts';

type GroupCalls = Pick<
  Transport,
  'describeGroups' | 'describeConsumerGroups' | 'describeShareGroups' | 'listGroups'
>;

/** Sends one request. @param api as Kafka names it */
type Send = <T>(
  to: Address,
  api: string,
  send: (connection: Connection) => Promise<T>,
) => Promise<T>;

/** @param apis as negotiated by now */
export function groupCalls(call: Send, apis: () => Apis): GroupCalls {
  return {
    async describeGroups(to, items) {
      const api = apis().describeGroups;
      const answer = await call(to, 'DescribeGroups', (c) => api.async(c, idsOf(items), false));
      const detailed = withAssignments(items);
      return answer.groups.map((g) => toClassicGroup(g, detailed.has(g.groupId)));
    },
    async describeConsumerGroups(to, items) {
      const api = apis().consumerGroupDescribe;
      if (!api) return items.map(notFound);
      const ids = idsOf(items);
      const answer = await call(to, 'ConsumerGroupDescribe', (c) => api.async(c, ids, false));
      const detailed = withAssignments(items);
      return answer.groups.map((g) => toConsumerGroup(g, detailed.has(g.groupId)));
    },
    async describeShareGroups(to, items) {
      const api = apis().shareGroupDescribe;
      if (!api) return items.map(notFound);
      const answer = await call(to, 'ShareGroupDescribe', (c) => api.async(c, idsOf(items)));
      return answer.map(toShareGroup);
    },
    async listGroups(to) {
      const api = apis().listGroups;
      const answer = await call(to, 'ListGroups', (c) => api.async(c, [], []).catch(wholeAnswer));
      if (answer.errorCode !== 0) throw errorOfCode(answer.errorCode, addressText(to));
      return answer.groups.map(({ groupId, groupType, protocolType }) => ({
        groupId,
        type: groupType ?? '',
        protocolType,
      }));
    },
  };
}

const idsOf = (items: readonly DescribeItem[]): string[] => items.map((i) => i.groupId);

const withAssignments = (items: readonly DescribeItem[]): ReadonlySet<string> =>
  new Set(items.filter((i) => i.withAssignments).map((i) => i.groupId));

/** The library rejects an answer whose only content is an error code: that code says more than it does. */
function wholeAnswer(error: unknown): listGroupsV5.ListGroupsResponse {
  if (!(error instanceof ResponseError)) throw error;
  return error['response'] as listGroupsV5.ListGroupsResponse;
}
