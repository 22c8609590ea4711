import { metadataV12, Reader, Writer } from '@platformatic/kafka';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeMetadata } from './metadata-api.ts';
import { WireReader } from './wire.ts';

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const nodes = fc.array(int32, { maxLength: 4 });
const partition = fc.record({ partitionIndex: fc.nat(), leaderId: int32, nodes });
const topic = fc.record({
  name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 249 }),
  topicId: fc.uuid(),
  partitions: fc.array(partition, { maxLength: 20 }),
});
const broker = fc.record({
  nodeId: int32,
  host: fc.domain(),
  port: fc.nat(65_535),
  rack: fc.option(fc.string()),
});
const answer = fc.record({
  brokers: fc.array(broker, { maxLength: 5 }),
  topics: fc.array(topic, { maxLength: 5 }),
  clusterId: fc.option(fc.string()),
});
type Answer = typeof answer extends fc.Arbitrary<infer T> ? T : never;

/** As a broker writes it. */
function encode({ brokers, topics, clusterId }: Answer): Writer {
  const ids = (w: Writer, list: readonly number[]) =>
    w.appendArray([...list], (w1, id) => w1.appendInt32(id), true, false);
  return Writer.create()
    .appendInt32(0)
    .appendArray(brokers, (w, b) => {
      w.appendInt32(b.nodeId).appendString(b.host).appendInt32(b.port).appendString(b.rack);
    })
    .appendString(clusterId)
    .appendInt32(1)
    .appendArray(topics, (w, t) => {
      w.appendInt16(0).appendString(t.name);
      w.append(Buffer.from(t.topicId.replaceAll('-', ''), 'hex')).appendBoolean(false);
      w.appendArray(t.partitions, (w1, p) => {
        w1.appendInt16(0).appendInt32(p.partitionIndex).appendInt32(p.leaderId).appendInt32(7);
        ids(ids(ids(w1, p.nodes), p.nodes), []);
      });
      w.appendInt32(0);
    })
    .appendTaggedFields();
}

test('answers are read as the library reads them, but for what nobody looks at', () =>
  fc.assert(
    fc.property(answer, (given) => {
      const bytes = encode(given).buffer;
      const theirs = metadataV12.parseResponse(1, 3, 12, Reader.from(Buffer.from(bytes)));
      expect(decodeMetadata(new WireReader(bytes))).toEqual({
        brokers: theirs.brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port })),
        topics: theirs.topics.map(({ errorCode, name, topicId, partitions }) => ({
          errorCode,
          name,
          topicId: topicId.replaceAll('-', ''),
          partitions: partitions.map(({ partitionIndex, leaderId }) => ({
            partitionIndex,
            leaderId,
          })),
        })),
      });
    }),
  ));
