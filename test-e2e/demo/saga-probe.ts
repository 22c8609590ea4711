import type { PartitionOffsets } from '../../operator/src/autoscaler/types.ts';
import { createLagSource } from '../../operator/src/kafka/lag-source.ts';

/** The four hops of the SAGA: who consumes which topic. */
export const hops = [
  { group: 'user-service', topic: 'user-create' },
  { group: 'user-approval-service', topic: 'user-approve' },
  { group: 'user-service', topic: 'user-approve-response' },
  { group: 'operation-service', topic: 'user-create-response' },
] as const;
export type Topic = (typeof hops)[number]['topic'];

export interface Progress {
  /** Records written so far, all partitions. */
  readonly produced: bigint;
  /** Records committed so far. */
  readonly consumed: bigint;
  readonly lag: bigint;
}

/** The same reader as the operator's, on a session of its own: an independent look at the same offsets. */
export function createSagaProbe(servers: readonly string[]) {
  const source = createLagSource();
  const signal = new AbortController().signal;
  const read = async ({ group, topic }: (typeof hops)[number]) => {
    const request = {
      connection: { bootstrapServers: servers, tls: undefined, sasl: undefined },
      group,
      topics: [topic],
      partitions: undefined,
      isolationLevel: 'read_uncommitted',
    } as const;
    const reading = await source.read(`probe/${topic}`, request, signal);
    return reading.kind === 'observed' ? progressOf(reading.partitions) : undefined;
  };
  return {
    /** Undefined while some partition of the topic cannot be read. */
    async read(): Promise<Readonly<Record<Topic, Progress | undefined>>> {
      const readings = await Promise.all(
        hops.map(async (hop) => [hop.topic, await read(hop)] as const),
      );
      return Object.fromEntries(readings) as Record<Topic, Progress | undefined>;
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
