/** What the history of one partition costs: `npm run bench-history`, a minute. For ADR 11. */
import { OffsetHistory } from '../../../operator/src/autoscaler/offset-history.ts';

const scalers = 500;
const partitions = 10;
const pollMs = 5_000;
/** Half an hour; the second half is measured, when the tables have their final size. */
const ticks = 360;
const rules = { offsetResetPolicy: 'latest', neverCommitted: 'keepOne' } as const;

/** Bytes that are still in use. */
function usedBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/**
 * @param arrivals records per partition and poll; a tenth of them is not consumed
 * @returns what to say of them
 */
function measure(arrivals: bigint): string {
  const before = usedBytes();
  const histories = Array.from({ length: scalers }, () => new OffsetHistory());
  let begin = process.cpuUsage();
  for (let tick = 0; tick < ticks; tick += 1) {
    if (tick === ticks / 2) begin = process.cpuUsage();
    const end = 1_000n + arrivals * BigInt(tick);
    for (const [i, history] of histories.entries()) {
      const topic = `topic-${i}`;
      const offsets = { topic, topicId: topic, committed: end - end / 10n, end, logStart: 0n };
      const all = Array.from({ length: partitions }, (_, partition) => ({ ...offsets, partition }));
      const at = Date.UTC(2026, 0, 1) + tick * pollMs;
      history.observe({ kind: 'observed', at, partitions: all, group: undefined }, rules);
    }
  }
  const { user, system } = process.cpuUsage(begin);
  const micros = (user + system) / (scalers * partitions * (ticks / 2));
  const bytes = (usedBytes() - before) / (histories.length * partitions);
  return `${bytes.toFixed(0)} bytes, ${micros.toFixed(1)} µs of CPU per partition and poll`;
}

measure(50n); // what the code itself needs is not counted
console.log(`busy partitions: ${measure(50n)}`);
console.log(`idle partitions: ${measure(0n)}`);
