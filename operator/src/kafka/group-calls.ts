import { type listGroupsV5, ResponseError } from '@platformatic/kafka';
import type { BrokerCalls } from './broker-calls.ts';
import { errorOfCode } from './codes.ts';
import { notFound, toClassicGroup, toConsumerGroup, toShareGroup } from './describe.ts';
import { addressText, type DescribeItem, type Transport } from './transport.ts';

type GroupCalls = Pick<
  Transport,
  'describeGroups' | 'describeConsumerGroups' | 'describeShareGroups' | 'listGroups'
>;

export function groupCalls(calls: BrokerCalls): GroupCalls {
  return {
    async describeGroups(to, items) {
      const answer = await calls.call(to, 'DescribeGroups', (c, apis) =>
        apis.describeGroups.async(c, idsOf(items), false),
      );
      const detailed = withAssignments(items);
      return answer.groups.map((g) => toClassicGroup(g, detailed.has(g.groupId)));
    },
    async describeConsumerGroups(to, items) {
      const answer = await calls.call(to, 'ConsumerGroupDescribe', (c, apis) =>
        apis.consumerGroupDescribe?.async(c, idsOf(items), false),
      );
      if (!answer) return items.map(notFound);
      const detailed = withAssignments(items);
      return answer.groups.map((g) => toConsumerGroup(g, detailed.has(g.groupId)));
    },
    async describeShareGroups(to, items) {
      const answer = await calls.call(to, 'ShareGroupDescribe', (c, apis) =>
        apis.shareGroupDescribe?.async(c, idsOf(items)),
      );
      return answer?.map(toShareGroup) ?? items.map(notFound);
    },
    async listGroups(to) {
      const answer = await calls.call(to, 'ListGroups', (c, apis) =>
        apis.listGroups.async(c, [], []).catch(wholeAnswer),
      );
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
