import { createRecordsBatch } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { timestampAt } from './record-batch.ts';

const second = 1_700_000_000_000;

/** A batch as producers make it, as if written at an offset: the broker fills the offset in. */
function batch(
  baseOffset: bigint,
  timestamps: readonly number[],
  compression: 'none' | 'gzip' = 'none',
): Buffer {
  const records = timestamps.map((timestamp) => ({
    topic: 'orders',
    value: Buffer.from('x'.repeat(50)),
    timestamp: BigInt(timestamp),
  }));
  const bytes = Buffer.from(createRecordsBatch(records, { compression }).buffer);
  bytes.writeBigInt64BE(baseOffset, 0);
  return bytes;
}

const ten = Array.from({ length: 11 }, (_, i) => second + i * 100);

test.for([
  ['the first record of a batch', batch(100n, ten), 100n, second],
  ['the last record of a batch', batch(100n, ten), 110n, second + 1000],
  ['one in between', batch(100n, ten), 105n, second + 500],
  ['one in a compressed batch', batch(100n, ten, 'gzip'), 105n, second + 500],
  ['a batch of one record', batch(7n, [second]), 7n, second],
  [
    'the second batch',
    Buffer.concat([batch(0n, [second]), batch(1n, [second + 5, second + 6])]),
    2n,
    second + 6,
  ],
  ['an offset that compaction took: the next batch', batch(50n, [second]), 40n, second],
  ['batches that end before the offset', batch(0n, [second]), 1n, undefined],
  [
    'a batch that is cut off after its header',
    batch(100n, ten).subarray(0, 80),
    105n,
    second + 500,
  ],
  ['a batch whose header is cut off', batch(100n, ten).subarray(0, 40), 105n, undefined],
  ['nothing', Buffer.alloc(0), 0n, undefined],
  ['a producer without timestamps', batch(0n, [-1]), 0n, undefined],
] as const)('%s', ([, records, offset, timestamp]) =>
  expect(timestampAt(records, offset)).toBe(timestamp),
);

test('with LogAppendTime every record has the time of the batch', () => {
  const records = batch(0n, ten);
  records.writeInt16BE(0b1000, 21);
  expect(timestampAt(records, 3n)).toBe(second + 1000);
});

test('a batch of the format before Kafka 0.11 says nothing', () => {
  const records = batch(0n, ten);
  records.writeInt8(1, 16);
  expect(timestampAt(records, 3n)).toBeUndefined();
});
