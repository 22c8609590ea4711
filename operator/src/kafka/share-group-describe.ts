import { createAPI, type Reader, Writer } from '@platformatic/kafka';

/** A group of KIP-932: enough of it to recognise one. */
export interface ShareGroup {
  readonly errorCode: number;
  readonly groupId: string;
  readonly state: string;
  readonly members: number;
}

/**
 * ShareGroupDescribe, which the library does not have: version 1, of Kafka 4.1. Version 0 was an early
 * access of 4.0. An error of one group is its `errorCode`.
 */
export const shareGroupDescribeV1 = createAPI<[groupIds: string[]], readonly ShareGroup[]>(
  77,
  1,
  (groupIds: readonly string[]) =>
    Writer.create()
      .appendArray([...groupIds], (w, id) => w.appendString(id), true, false)
      .appendBoolean(false) // includeAuthorizedOperations
      .appendTaggedFields(),
  (_correlationId, _key, _version, reader) => {
    reader.readInt32(); // throttleTimeMs
    return reader.readArray(readGroup);
  },
);

function readGroup(r: Reader): ShareGroup {
  const errorCode = r.readInt16();
  r.readNullableString(); // errorMessage
  const groupId = r.readString();
  const state = r.readString();
  r.readInt32(); // groupEpoch
  r.readInt32(); // assignmentEpoch
  r.readString(); // assignorName
  const members = r.readArray(skipMember).length;
  r.readInt32(); // authorizedOperations
  return { errorCode, groupId, state, members };
}

function skipMember(r: Reader): void {
  r.readString(); // memberId
  r.readNullableString(); // rackId
  r.readInt32(); // memberEpoch
  r.readString(); // clientId
  r.readString(); // clientHost
  r.readArray(() => r.readString(), true, false); // subscribedTopicNames
  r.readArray(skipTopic); // assignment
  r.readTaggedFields();
}

function skipTopic(r: Reader): void {
  r.readUUID();
  r.readString(); // topicName
  r.readArray(() => r.readInt32(), true, false);
}
