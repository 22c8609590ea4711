import type { PartitionOffsets } from '../operator/src/autoscaler/types.ts';
import { createLagSource } from '../operator/src/kafka/lag-source.ts';

export interface Progress {
  /** Records written so far, all partitions. */
  readonly produced: bigint;
  /** Records committed so far. */
  readonly consumed: bigint;
  readonly lag: bigint;
}

/** The same reader as the operator's, on a session of its own: an independent look at the same offsets. */
export function createLagProbe(servers: readonly string[], group: string, topic: string) {
  const source = createLagSource();
  const request = {
    connection: { bootstrapServers: servers, tls: undefined, sasl: undefined },
    group,
    topics: [topic],
    partitions: undefined,
    isolationLevel: 'read_uncommitted',
  } as const;
  const signal = new AbortController().signal;
  return {
    /** Undefined while some partition cannot be read. */
    async read(): Promise<Progress | undefined> {
      const reading = await source.read('probe', request, signal);
      return reading.kind === 'observed' ? progressOf(reading.partitions) : undefined;
    },
    close: () => source.close(),
  };
}

function progressOf(partitions: readonly PartitionOffsets[]): Progress | undefined {
  let produced = 0n;
  let consumed = 0n;
  for (const { end, committed, logStart } of partitions) {
    if (end === undefined || committed === 'unknown') return undefined;
    produced += end;
    consumed += committed === 'none' ? (logStart ?? 0n) : committed;
  }
  return { produced, consumed, lag: produced - consumed };
}
