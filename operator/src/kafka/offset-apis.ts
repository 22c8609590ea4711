import { createAPI, type Reader, Writer } from '@platformatic/kafka';
import type {
  GroupOffsets,
  ListedOffset,
  ListedTopic,
  OffsetsQuery,
  WantedOffsets,
} from './transport.ts';
import { WireReader, WireWriter } from './wire.ts';

/** The two requests of every tick, encoded by ourselves (ADR 14). */

export interface OffsetApi<Query, Answer> {
  readonly key: number;
  readonly version: number;
  readonly async: (connection: Connection, query: Query) => Promise<Answer>;
}
type Connection = Parameters<ReturnType<typeof createAPI>>[0];

/** OffsetFetch of many groups: version 8 (Kafka 3.0) or 9 (3.7), which adds the member. */
export const offsetFetch = (
  version: 8 | 9,
): OffsetApi<readonly WantedOffsets[], readonly GroupOffsets[]> =>
  createAPI(
    9,
    version,
    (groups: readonly WantedOffsets[]) => toWriter(encodeOffsetFetch(groups, version)),
    (_id: number, _key: number, _version: number, reader: Reader) =>
      decodeOffsetFetch(readerOf(reader)),
  );

/** ListOffsets: versions 7 (Kafka 2.8) to 9 (3.8) look the same in what is asked here. */
export const listOffsets = (version: 7 | 8 | 9): OffsetApi<OffsetsQuery, readonly ListedTopic[]> =>
  createAPI(
    2,
    version,
    (query: OffsetsQuery) => toWriter(encodeListOffsets(query)),
    (_id: number, _key: number, _version: number, reader: Reader) =>
      decodeListOffsets(readerOf(reader)),
  );

const toWriter = (bytes: Buffer) => Writer.create().append(bytes);
/** One Buffer, though the answer came in many: else every field would be searched for in all of them. */
export const readerOf = (reader: Reader): WireReader => new WireReader(reader.buffer.buffer);

/** Bytes per group or topic name, roughly. */
const nameBytes = 40;

export function encodeOffsetFetch(groups: readonly WantedOffsets[], version: 8 | 9): Buffer {
  const w = new WireWriter(groups.length * 3 * nameBytes);
  w.compactLength(groups.length);
  for (const { groupId, topics } of groups) {
    w.compactString(groupId);
    if (version >= 9) {
      w.compactLength(undefined); // no member: allowed for classic and KIP-848 groups alike
      w.int32(-1);
    }
    w.compactLength(topics?.length);
    for (const { name, partitions } of topics ?? []) {
      w.compactString(name);
      w.compactLength(partitions.length);
      for (const partition of partitions) w.int32(partition);
      w.noTags();
    }
    w.noTags();
  }
  w.int8(0); // stable offsets only? no: a pending transaction must not hide what is committed
  w.noTags();
  return w.bytes;
}

export function decodeOffsetFetch(r: WireReader): readonly GroupOffsets[] {
  r.int32(); // throttle time: the broker itself holds the next answers back
  return r.array(() => ({
    groupId: r.compactString(),
    topics: r.array(() => ({ name: r.compactString(), partitions: r.array(() => committed(r)) })),
    errorCode: r.int16(),
  }));
}

function committed(r: WireReader): GroupOffsets['topics'][number]['partitions'][number] {
  const partitionIndex = r.int32();
  const committedOffset = r.int64();
  r.int32(); // leader epoch
  r.skipCompactString(); // what the client noted
  return { partitionIndex, committedOffset, errorCode: r.int16() };
}

const timestamps = { end: -1, logStart: -2 } as const;

export function encodeListOffsets({ isolationLevel, position, topics }: OffsetsQuery): Buffer {
  const partitions = topics.reduce((sum, topic) => sum + topic.partitions.length, 0);
  const w = new WireWriter(partitions * 17 + topics.length * nameBytes);
  w.int32(-1); // not a replica
  w.int8(isolationLevel === 'read_committed' ? 1 : 0);
  w.compactLength(topics.length);
  for (const topic of topics) {
    w.compactString(topic.name);
    w.compactLength(topic.partitions.length);
    for (const partition of topic.partitions) {
      w.int32(partition);
      w.int32(-1); // no fencing: our view of the epoch may be old, and an offset is valid in any
      w.int64(timestamps[position]);
      w.noTags();
    }
    w.noTags();
  }
  w.noTags();
  return w.bytes;
}

export function decodeListOffsets(r: WireReader): readonly ListedTopic[] {
  r.int32(); // throttle time
  return r.array(() => ({ name: r.compactString(), partitions: r.array(() => listed(r)) }));
}

function listed(r: WireReader): ListedOffset {
  const partitionIndex = r.int32();
  const errorCode = r.int16();
  r.skip(8); // timestamp
  const offset = r.int64();
  r.skip(4); // leader epoch
  return { partitionIndex, offset, errorCode };
}
