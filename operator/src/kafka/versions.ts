import * as kafka from '@platformatic/kafka';
import { KafkaError } from './kafka-error.ts';
import { metadata } from './metadata-api.ts';
import { listOffsets, offsetFetch } from './offset-apis.ts';
import { shareGroupDescribeV1 } from './share-group-describe.ts';

/** The versions of each API that lagscaler can speak, newest first; all of Apache Kafka 3.0 to 4.x. */
const known = {
  metadata: [metadata(12), metadata(11)],
  findCoordinator: [
    kafka.findCoordinatorV6.api,
    kafka.findCoordinatorV5.api,
    kafka.findCoordinatorV4.api,
  ],
  offsetFetch: [offsetFetch(9), offsetFetch(8)],
  listOffsets: [listOffsets(9), listOffsets(8), listOffsets(7)],
  describeGroups: [kafka.describeGroupsV5.api],
  listGroups: [kafka.listGroupsV5.api, kafka.listGroupsV4.api],
} as const;

export interface Apis {
  readonly metadata: (typeof known.metadata)[number];
  readonly findCoordinator: (typeof known.findCoordinator)[number];
  readonly offsetFetch: (typeof known.offsetFetch)[number];
  readonly listOffsets: (typeof known.listOffsets)[number];
  readonly describeGroups: (typeof known.describeGroups)[number];
  readonly listGroups: (typeof known.listGroups)[number];
  /** Undefined where the broker has no KIP-848 groups. */
  readonly consumerGroupDescribe: typeof kafka.consumerGroupDescribeV0.api | undefined;
  /** Undefined where the broker has no share groups. */
  readonly shareGroupDescribe: typeof shareGroupDescribeV1 | undefined;
}

export interface VersionRange {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

interface Versioned {
  readonly key: number;
  readonly version: number;
}

/**
 * The newest version of each API that both sides speak.
 * @param broker for messages, e.g. `kafka-0:9092`
 * @throws KafkaError UnsupportedBroker, naming the API
 */
export function chooseApis(ranges: readonly VersionRange[], broker: string): Apis {
  const offered = new Map(ranges.map((r) => [r.apiKey, r]));
  const speaks = ({ key, version }: Versioned): boolean => {
    const range = offered.get(key);
    return range !== undefined && version >= range.minVersion && version <= range.maxVersion;
  };
  const choose = <A extends Versioned>(name: string, candidates: readonly [A, ...A[]]): A => {
    const found = candidates.find(speaks);
    if (found) return found;
    throw new KafkaError('UnsupportedBroker', unsupported(name, candidates, offered, broker));
  };
  const describe = kafka.consumerGroupDescribeV0.api;
  return {
    metadata: choose('Metadata', known.metadata),
    findCoordinator: choose('FindCoordinator', known.findCoordinator),
    offsetFetch: choose('OffsetFetch', known.offsetFetch),
    listOffsets: choose('ListOffsets', known.listOffsets),
    describeGroups: choose('DescribeGroups', known.describeGroups),
    listGroups: choose('ListGroups', known.listGroups),
    consumerGroupDescribe: speaks(describe) ? describe : undefined,
    shareGroupDescribe: speaks(shareGroupDescribeV1) ? shareGroupDescribeV1 : undefined,
  };
}

function unsupported(
  name: string,
  candidates: readonly [Versioned, ...Versioned[]],
  offered: ReadonlyMap<number, VersionRange>,
  broker: string,
): string {
  const range = offered.get(candidates[0].key);
  const has = range ? `${range.minVersion} to ${range.maxVersion}` : 'none';
  const needs = candidates.map((c) => c.version).join(', ');
  return `${broker}: offers ${name} versions: ${has}; lagscaler speaks ${needs}: use Apache Kafka 3.0 or newer`;
}
