/** Offsets of fields in a record batch of version 2 (Kafka 0.11). */
const field = {
  baseOffset: 0,
  batchLength: 8,
  magic: 16,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
} as const;
const headerBytes = 61;
/** What batchLength does not count: itself and the base offset. */
const uncountedBytes = 12;
const logAppendTime = 0b1000;

/**
 * When the record at an offset was written, epoch milliseconds.
 *
 * Batches carry the timestamp of their first record and their latest one. In between it is interpolated
 * by the offset, which spares unpacking compressed records: wrong by less than the batch spans, which is
 * as long as a producer lingers.
 * @param records as a broker sends them: whole batches, the last of them perhaps cut off
 * @returns of the first record after it where compaction took that one; undefined when no batch says it
 */
export function timestampAt(records: Buffer, offset: bigint): number | undefined {
  for (let at = 0; at + headerBytes <= records.length; ) {
    const batch = records.subarray(at);
    if (batch.readInt8(field.magic) !== 2) return undefined; // older than Kafka 0.11
    const last =
      batch.readBigInt64BE(field.baseOffset) + BigInt(batch.readInt32BE(field.lastOffsetDelta));
    if (last >= offset) return within(batch, offset);
    at += uncountedBytes + batch.readInt32BE(field.batchLength);
  }
  return undefined;
}

function within(batch: Buffer, offset: bigint): number | undefined {
  const first = Number(batch.readBigInt64BE(field.baseTimestamp));
  const latest = Number(batch.readBigInt64BE(field.maxTimestamp));
  if (first < 0 || latest < 0) return undefined; // a producer that gives no timestamps
  if (batch.readInt16BE(field.attributes) & logAppendTime) return latest;
  const span = batch.readInt32BE(field.lastOffsetDelta);
  const into = Number(offset - batch.readBigInt64BE(field.baseOffset));
  if (span === 0 || into <= 0) return first;
  return first + Math.round((latest - first) * (into / span));
}
