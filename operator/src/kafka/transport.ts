import type { MemberAssignment } from '../autoscaler/types.ts';

/**
 * One Kafka request each, sent to one named broker. Everything above this interface (caches, batching,
 * retries, circuit breaker) is ours and tested with a stateful fake; `platformatic.ts` is the real one.
 *
 * Every method settles within the connect and request timeouts. It rejects with a KafkaError only when
 * nothing usable was received; an error for one item is the `errorCode` of that item.
 */
export interface Transport {
  /** Negotiates the API versions. @throws KafkaError UnsupportedBroker */
  apiVersions(to: Address): Promise<void>;
  /** Never creates a topic. Topics and partitions come in any order. */
  metadata(to: Address, topics: readonly string[]): Promise<Metadata>;
  findCoordinators(to: Address, groups: readonly string[]): Promise<readonly FoundCoordinator[]>;
  fetchOffsets(to: Address, groups: readonly WantedOffsets[]): Promise<readonly GroupOffsets[]>;
  listOffsets(to: Address, query: OffsetsQuery): Promise<readonly ListedTopic[]>;
  /** Only what fits into one answer: asking again for the others brings more. */
  fetchTimestamps(
    to: Address,
    wanted: readonly OffsetPosition[],
  ): Promise<readonly FetchedTimestamp[]>;
  /** Groups of the classic protocol; any other kind is shown as `Dead` (traps P5). */
  describeGroups(to: Address, groups: readonly DescribeItem[]): Promise<readonly DescribedGroup[]>;
  /** Groups of the KIP-848 protocol; GROUP_ID_NOT_FOUND for all when the broker does not know it. */
  describeConsumerGroups(
    to: Address,
    groups: readonly DescribeItem[],
  ): Promise<readonly DescribedGroup[]>;
  /** Share groups (KIP-932); GROUP_ID_NOT_FOUND for all when the broker does not know them. */
  describeShareGroups(
    to: Address,
    groups: readonly DescribeItem[],
  ): Promise<readonly DescribedGroup[]>;
  /** The groups that this broker coordinates, of every kind. */
  listGroups(to: Address): Promise<readonly ListedGroup[]>;
  /**
   * Resolves as soon as the broker reacts to a fresh connection. Sends no credentials.
   * @throws when it refuses, or is silent until `signal` is aborted
   */
  answers(at: Address, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface Address {
  readonly host: string;
  readonly port: number;
  /** Of a broker that the cluster names; undefined for a bootstrap server. */
  readonly nodeId?: number;
}

export const addressText = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

export interface Metadata {
  readonly brokers: readonly (Address & { readonly nodeId: number })[];
  readonly topics: readonly {
    readonly errorCode: number;
    readonly name?: string | null | undefined;
    /** Changes when a topic is deleted and created again. */
    readonly topicId: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      /** -1: no leader right now. */
      readonly leaderId: number;
    }[];
  }[];
}

export interface FoundCoordinator extends Address {
  readonly key: string;
  readonly errorCode: number;
}

export interface TopicPartitions {
  readonly name: string;
  readonly partitions: readonly number[];
}

export interface WantedOffsets {
  readonly groupId: string;
  /** Undefined: everything the group has committed. */
  readonly topics: readonly TopicPartitions[] | undefined;
}

export interface GroupOffsets {
  readonly groupId: string;
  readonly errorCode: number;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      /** -1: never committed. */
      readonly committedOffset: bigint;
      readonly errorCode: number;
    }[];
  }[];
}

export type IsolationLevel = 'read_uncommitted' | 'read_committed';

export interface OffsetsQuery {
  readonly isolationLevel: IsolationLevel;
  /** The next offset to be written, or the first that can still be read. */
  readonly position: 'end' | 'logStart';
  readonly topics: readonly TopicPartitions[];
}

export interface ListedTopic {
  readonly name: string;
  readonly partitions: readonly ListedOffset[];
}

export interface ListedOffset {
  readonly partitionIndex: number;
  readonly offset: bigint;
  readonly errorCode: number;
}

export interface OffsetPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface FetchedTimestamp extends OffsetPosition {
  readonly errorCode: number;
  /** Of the record at the offset, or the first after it, epoch milliseconds; undefined: it did not fit. */
  readonly timestamp: number | undefined;
}

export interface DescribeItem {
  readonly groupId: string;
  /** Decode who owns what. */
  readonly withAssignments: boolean;
}

export interface DescribedGroup {
  readonly groupId: string;
  readonly errorCode: number;
  readonly state: string;
  /** `consumer`, another one such as `connect`, or empty: nobody ever joined. */
  readonly protocolType: string;
  readonly members: number;
  /** Members that own a partition; undefined where the assignment is not of consumers. */
  readonly assignedMembers: number | undefined;
  readonly assignor: string | undefined;
  /** Undefined unless asked for. */
  readonly assignments: readonly MemberAssignment[] | undefined;
}

export interface ListedGroup {
  readonly groupId: string;
  /** `classic`, `consumer`, `share`, `streams`; empty where the broker is too old to say (before 3.8). */
  readonly type: string;
  readonly protocolType: string;
}
