import { createAPI, fetchV12, type Reader } from '@platformatic/kafka';
import { type OffsetApi, readerOf } from './offset-apis.ts';
import { timestampAt } from './record-batch.ts';
import type { FetchedTimestamp, OffsetPosition } from './transport.ts';
import type { WireReader } from './wire.ts';

/**
 * Bytes of one answer, and of one partition in it. Only timestamps are wanted, but a broker sends whole
 * batches; producers make them 16 KiB by default. The first partition gets its batch whatever its size.
 */
const maxBytes = 1_048_576;
const partitionMaxBytes = 65_536;

/**
 * Fetch, version 12 (Kafka 2.7): the last that names topics, and all of Kafka 4.x knows it. The answer is
 * read here because the library's reader would unpack every record.
 */
export const fetchRecords: OffsetApi<readonly OffsetPosition[], readonly FetchedPartition[]> =
  createAPI(1, 12, createRequest, (_id: number, _key: number, _version: number, reader: Reader) =>
    decodeFetch(readerOf(reader)),
  );

function createRequest(wanted: readonly OffsetPosition[]) {
  const topics = [...Map.groupBy(wanted, (w) => w.topic)].map(([topic, positions]) => ({
    topicId: topic, // the library's name for the field: version 12 has the topic's name there
    partitions: positions.map(({ partition, offset }) => ({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: offset,
      lastFetchedEpoch: -1,
      partitionMaxBytes,
    })),
  }));
  const [maxWaitMs, minBytes, readUncommitted, noSession, sessionEpoch] = [0, 0, 0, 0, -1] as const;
  return fetchV12.createRequest(
    maxWaitMs,
    minBytes,
    maxBytes,
    readUncommitted, // a record of an open transaction has a timestamp too
    noSession,
    sessionEpoch,
    topics,
    [],
    '',
  );
}

/** What a broker sent of one partition. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** Empty when it did not fit into the answer. */
  readonly records: Buffer;
}

/** @throws RangeError when the answer ends too early */
export function decodeFetch(r: WireReader): readonly FetchedPartition[] {
  r.int32(); // throttle time
  r.int16(); // error of the fetch session, which there is not
  r.int32();
  return r
    .array(() => {
      const topic = r.compactString();
      return r.array(() => ({ topic, ...fetchedPartition(r) }));
    })
    .flat();
}

function fetchedPartition(r: WireReader): Omit<FetchedPartition, 'topic'> {
  const partition = r.int32();
  const errorCode = r.int16();
  r.skip(24); // high watermark, last stable offset, log start
  r.array(() => r.skip(16)); // aborted transactions
  r.skip(4); // preferred replica
  return { partition, errorCode, records: r.compactBytes() };
}

/** The answer to each question; what is missing from `fetched` did not fit. */
export function timestampsOf(
  wanted: readonly OffsetPosition[],
  fetched: readonly FetchedPartition[],
): readonly FetchedTimestamp[] {
  const byPartition = new Map(fetched.map((f) => [`${f.topic}/${f.partition}`, f]));
  return wanted.map((position) => {
    const { topic, partition, offset } = position;
    const found = byPartition.get(`${topic}/${partition}`);
    const timestamp = found && timestampAt(found.records, offset);
    return { ...position, errorCode: found?.errorCode ?? 0, timestamp };
  });
}
