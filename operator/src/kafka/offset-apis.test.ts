import { listOffsetsV9, offsetFetchV8, offsetFetchV9, Reader, Writer } from '@platformatic/kafka';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeListOffsets,
  decodeOffsetFetch,
  encodeListOffsets,
  encodeOffsetFetch,
} from './offset-apis.ts';
import type { WantedOffsets } from './transport.ts';
import { WireReader } from './wire.ts';

/** The library's own encoding is the oracle. */

const name = fc.string({ unit: 'grapheme', maxLength: 300 });
const partitions = fc.array(fc.nat(), { maxLength: 200 });
const topics = fc.array(fc.record({ name, partitions }), { maxLength: 5 });
const groups = fc.array(
  fc.record({ groupId: name, topics: fc.option(topics, { nil: undefined }) }),
  { maxLength: 5 },
);
const int16 = fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 });
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

const forLibrary = (wanted: readonly WantedOffsets[]) =>
  wanted.map(({ groupId, topics: named }) => ({
    groupId,
    memberId: null,
    memberEpoch: -1,
    topics: named?.map((t) => ({ name: t.name, partitionIndexes: [...t.partitions] })) ?? null,
  }));

test('OffsetFetch requests are those of the library, byte for byte', () =>
  fc.assert(
    fc.property(groups, (wanted) => {
      const v9 = offsetFetchV9.createRequest(forLibrary(wanted), false).buffer;
      const v8 = offsetFetchV8.createRequest(forLibrary(wanted), false).buffer;
      expect(encodeOffsetFetch(wanted, 9)).toEqual(v9);
      expect(encodeOffsetFetch(wanted, 8)).toEqual(v8);
    }),
  ));

test.for([
  ['end', 'read_committed', -1n, 1],
  ['end', 'read_uncommitted', -1n, 0],
  ['logStart', 'read_uncommitted', -2n, 0],
] as const)(
  'ListOffsets requests for %s, %s are those of the library, byte for byte',
  ([position, isolationLevel, timestamp, level]) =>
    fc.assert(
      fc.property(topics, (wanted) => {
        const forApi = wanted.map((t) => ({
          name: t.name,
          partitions: t.partitions.map((partitionIndex) => ({
            partitionIndex,
            currentLeaderEpoch: -1,
            timestamp,
          })),
        }));
        expect(encodeListOffsets({ isolationLevel, position, topics: wanted })).toEqual(
          listOffsetsV9.createRequest(-1, level, forApi).buffer,
        );
      }),
    ),
);

/** Tagged fields that this version does not know, such as those of a broker to come. */
const unknownTags = Buffer.from([2, 7, 3, 1, 2, 3, 9, 0]);
const withTags = (w: Writer) => w.append(unknownTags);
const read = (w: Writer) => new WireReader(Reader.from(w).buffer.buffer);

test('ListOffsets answers are read, with unknown tagged fields', () => {
  const partition = fc.record({ partitionIndex: int32, errorCode: int16, offset: int64 });
  const answer = fc.array(fc.record({ name, partitions: fc.array(partition) }), { maxLength: 5 });
  fc.assert(
    fc.property(answer, (listed) => {
      const w = Writer.create().appendInt32(7);
      w.appendArray(
        listed,
        (w1, topic) => {
          w1.appendString(topic.name).appendArray(
            topic.partitions,
            (w2, p) => {
              w2.appendInt32(p.partitionIndex).appendInt16(p.errorCode).appendInt64(12n);
              withTags(w2.appendInt64(p.offset).appendInt32(4));
            },
            true,
            false,
          );
          withTags(w1);
        },
        true,
        false,
      );
      expect(decodeListOffsets(read(withTags(w)))).toEqual(listed);
    }),
  );
});

test('OffsetFetch answers are read, with notes of the client and unknown tagged fields', () => {
  const partition = fc.record({ partitionIndex: int32, committedOffset: int64, errorCode: int16 });
  const answer = fc.array(
    fc.record({
      groupId: name,
      topics: fc.array(fc.record({ name, partitions: fc.array(partition) }), { maxLength: 3 }),
      errorCode: int16,
    }),
    { maxLength: 5 },
  );
  const note = fc.option(fc.string({ maxLength: 200 }));
  fc.assert(
    fc.property(answer, note, (found, metadata) => {
      const w = Writer.create().appendInt32(7);
      w.appendArray(
        found,
        (w1, group) => {
          w1.appendString(group.groupId).appendArray(
            group.topics,
            (w2, topic) => {
              w2.appendString(topic.name).appendArray(
                topic.partitions,
                (w3, p) => {
                  w3.appendInt32(p.partitionIndex).appendInt64(p.committedOffset).appendInt32(4);
                  withTags(w3.appendString(metadata).appendInt16(p.errorCode));
                },
                true,
                false,
              );
              withTags(w2);
            },
            true,
            false,
          );
          withTags(w1.appendInt16(group.errorCode));
        },
        true,
        false,
      );
      expect(decodeOffsetFetch(read(withTags(w)))).toEqual(found);
    }),
  );
});

test('an answer that is cut short is an error, not a short answer', () => {
  const w = Writer.create().appendInt32(0);
  w.appendArray(
    [1, 2],
    (w1, p) => {
      w1.appendString(`topic-${p}`).appendArray([], () => undefined);
    },
    true,
  );
  const whole = w.appendTaggedFields().buffer;
  for (let length = 0; length < whole.length - 1; length += 1) {
    expect(() => decodeListOffsets(new WireReader(whole.subarray(0, length)))).toThrow(RangeError);
  }
});
