import { protocolErrorsCodesById } from '@platformatic/kafka';
import type { Reason } from '../api/conditions.ts';
import { KafkaError } from './kafka-error.ts';

/** Error codes of the Kafka protocol that lagscaler acts on. */
const code = {
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeaderOrFollower: 6,
  coordinatorLoadInProgress: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  invalidTopic: 17,
  topicAuthorizationFailed: 29,
  groupAuthorizationFailed: 30,
  clusterAuthorizationFailed: 31,
  unsupportedVersion: 35,
  groupIdNotFound: 69,
  fencedLeaderEpoch: 74,
  unknownLeaderEpoch: 75,
  offsetNotAvailable: 78,
} as const;

/** The group has moved, or its coordinator is not ready: look it up again. */
export const isCoordinatorMoved = (errorCode: number): boolean =>
  errorCode === code.coordinatorLoadInProgress ||
  errorCode === code.coordinatorNotAvailable ||
  errorCode === code.notCoordinator;

/** There is no such group, or it is of another kind than the one asked for. */
export const groupIdNotFound: number = code.groupIdNotFound;

/** The same, or no group of that kind at all: a broker that knows a kind may have it switched off. */
export const isNoSuchGroup = (errorCode: number): boolean =>
  errorCode === code.groupIdNotFound || errorCode === code.unsupportedVersion;

const leaderCodes: ReadonlySet<number> = new Set([
  code.unknownTopicOrPartition,
  code.leaderNotAvailable,
  code.notLeaderOrFollower,
  code.fencedLeaderEpoch,
  code.unknownLeaderEpoch,
  code.offsetNotAvailable,
]);

/** The partition has moved, is electing a leader or is gone: read the metadata again. */
export const isLeaderMoved = (errorCode: number): boolean => leaderCodes.has(errorCode);

const reasonOf: ReadonlyMap<number, readonly [Reason, string]> = new Map([
  [code.unknownTopicOrPartition, ['TopicNotFound', 'create it or correct spec.consumer.topics']],
  [code.invalidTopic, ['TopicNotFound', 'the name is not valid: correct spec.consumer.topics']],
  [
    code.topicAuthorizationFailed,
    ['AuthorizationFailed', 'allow the operation Describe on the topic to this principal'],
  ],
  [
    code.groupAuthorizationFailed,
    ['AuthorizationFailed', 'allow the operation Describe on the group to this principal'],
  ],
  [
    code.clusterAuthorizationFailed,
    ['AuthorizationFailed', 'allow the operation Describe on the cluster to this principal'],
  ],
  [code.unsupportedVersion, ['UnsupportedBroker', 'lagscaler needs Apache Kafka 3.0 or newer']],
] as const);

export const codeName = (errorCode: number): string =>
  protocolErrorsCodesById[errorCode] ?? `error ${errorCode}`;

/** An error code a broker gave for one item, e.g. `topic orders`, as a reason and a remedy. */
export function errorOfCode(errorCode: number, subject: string): KafkaError {
  const [reason, remedy] = reasonOf.get(errorCode) ?? [
    'LagUnknown',
    'this usually passes; the next poll asks again',
  ];
  return new KafkaError(reason, `${subject}: ${codeName(errorCode)}: ${remedy}`);
}

/** Errors that concern the whole group, whatever the other partitions say. */
export const isDenied = (errorCode: number): boolean =>
  errorCode === code.topicAuthorizationFailed ||
  errorCode === code.groupAuthorizationFailed ||
  errorCode === code.clusterAuthorizationFailed;
