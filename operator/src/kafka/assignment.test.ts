import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeAssignment, ownsPartitions } from './assignment.ts';

/** As Java's consumers write it: version 1, topics, data of the assignor. */
function encode(topics: readonly (readonly [string, readonly number[]])[], userData = ''): Buffer {
  const text = Buffer.from(userData);
  return Buffer.concat([
    Buffer.from([0, 1]),
    int32(topics.length),
    ...topics.flatMap(([topic, partitions]) => {
      const name = Buffer.from(topic);
      const length = int32(name.length).subarray(2);
      return [length, name, int32(partitions.length), ...partitions.map(int32)];
    }),
    int32(text.length),
    text,
  ]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const bytes = (...values: readonly number[]) => Buffer.from(values);

test.for([
  [
    'topics and partitions, in their order',
    encode([
      ['orders', [2, 0]],
      ['refunds', [7]],
    ]),
    [
      { topic: 'orders', partitions: [2, 0] },
      { topic: 'refunds', partitions: [7] },
    ],
    true,
  ],
  [
    'data of the assignor, as Kafka Streams adds it, is left alone',
    encode([['orders', [1]]], '\u0000\u0009tasks'),
    [{ topic: 'orders', partitions: [1] }],
    true,
  ],
  [
    'a topic without partitions owns nothing',
    encode([['orders', []]]),
    [{ topic: 'orders', partitions: [] }],
    false,
  ],
  ['a member without partitions', encode([]), [], false],
  ['a member that has not been given anything yet', bytes(), [], false],
  ['arrays that are null', bytes(0, 0, 255, 255, 255, 255), [], false],
  ['bytes of another protocol', bytes(0, 1, 2), undefined, undefined],
  ['a count that nothing follows', bytes(0, 0, 127, 255, 255, 255), undefined, undefined],
  ['a name longer than all bytes', bytes(0, 0, 0, 0, 0, 1, 0, 9, 1), undefined, undefined],
  [
    'a name of negative length',
    bytes(0, 0, 0, 0, 0, 1, 255, 254, 0, 0, 0, 0),
    undefined,
    undefined,
  ],
] as const)('%s', ([, assignment, owned, owns]) => {
  expect(decodeAssignment(assignment)).toEqual(owned);
  expect(ownsPartitions(assignment)).toBe(owns);
});

const topics = fc.array(
  fc.tuple(fc.string({ unit: 'grapheme', maxLength: 249 }), fc.array(fc.nat({ max: 100_000 }))),
);

test('whatever is encoded is decoded, and both ways of looking agree', () =>
  fc.assert(
    fc.property(topics, fc.string(), (all, userData) => {
      const assignment = encode(all, userData);
      const expected = all.map(([topic, partitions]) => ({ topic, partitions }));
      expect(decodeAssignment(assignment)).toEqual(expected);
      expect(ownsPartitions(assignment)).toBe(all.some(([, partitions]) => partitions.length > 0));
    }),
  ));

test('no bytes at all make it throw', () =>
  fc.assert(
    fc.property(fc.uint8Array(), (any) => {
      const assignment = Buffer.from(any);
      const owned = decodeAssignment(assignment);
      if (owned)
        expect(ownsPartitions(assignment)).toBe(owned.some((o) => o.partitions.length > 0));
    }),
  ));
