import { createAPI, metadataV11, metadataV12, type Reader } from '@platformatic/kafka';
import { type OffsetApi, readerOf } from './offset-apis.ts';
import type { Metadata } from './transport.ts';
import type { WireReader } from './wire.ts';

const requests = { 11: metadataV11.createRequest, 12: metadataV12.createRequest } as const;

/**
 * Metadata, version 11 (Kafka 3.0) or 12. The answer is read here because the library keeps the replicas
 * of every partition too: at 100,000 partitions a hundred megabytes that nobody looks at.
 */
export const metadata = (version: 11 | 12): OffsetApi<readonly string[], Metadata> =>
  createAPI(
    3,
    version,
    // `false`: a lookup must never create a topic, whatever the broker is configured to do.
    (topics: readonly string[]) => requests[version]([...topics], false, false),
    (_id: number, _key: number, _version: number, reader: Reader) =>
      decodeMetadata(readerOf(reader)),
  );

/** @throws RangeError when the answer ends too early */
export function decodeMetadata(r: WireReader): Metadata {
  r.int32(); // throttle time
  const brokers = r.array(() => broker(r));
  r.skipCompactString(); // cluster id
  r.int32(); // controller
  return { brokers, topics: r.array(() => topic(r)) };
}

function broker(r: WireReader): Metadata['brokers'][number] {
  const nodeId = r.int32();
  const host = r.compactString();
  const port = r.int32();
  r.skipCompactString(); // rack
  return { nodeId, host, port };
}

function topic(r: WireReader): Metadata['topics'][number] {
  const errorCode = r.int16();
  const name = r.compactString();
  const topicId = r.hex(16);
  r.skip(1); // internal or not
  const partitions = r.array(() => partition(r));
  r.skip(4); // what we are allowed to do, which was not asked
  return { errorCode, name, topicId, partitions };
}

function partition(r: WireReader): Metadata['topics'][number]['partitions'][number] {
  r.skip(2); // an error here is a leader of -1
  const partitionIndex = r.int32();
  const leaderId = r.int32();
  r.skip(4); // epoch
  for (const _ of ['replicas', 'in sync', 'offline']) r.skip(4 * r.compactLength());
  return { partitionIndex, leaderId };
}
