/** A process that reads lag as the operator does: its work queue, its cadence, its LagSource. */
import { partitionLag } from '../../../operator/src/autoscaler/lag.ts';
import { OffsetHistory } from '../../../operator/src/autoscaler/offset-history.ts';
import type { OffsetReading, PartitionOffsets } from '../../../operator/src/autoscaler/types.ts';
import { loadConfig } from '../../../operator/src/config.ts';
import { systemClock } from '../../../operator/src/controller/clock.ts';
import { confirmAge } from '../../../operator/src/controller/confirm-age.ts';
import { fakeWorld, scalerOf } from '../../../operator/src/controller/fakes.ts';
import { readLag } from '../../../operator/src/controller/observe.ts';
import type { Scaler } from '../../../operator/src/controller/ports.ts';
import type { ScalerState } from '../../../operator/src/controller/state.ts';
import { msToNextTick } from '../../../operator/src/controller/tick.ts';
import { createWorkQueue } from '../../../operator/src/controller/workqueue.ts';
import { createLagSource } from '../../../operator/src/kafka/lag-source.ts';
import { inParallel } from './in-parallel.ts';
import { type Subject, subjectsOf } from './layout.ts';
import { TickMeter } from './tick-meter.ts';
import { runWorker } from './worker.ts';
import type { Value } from './worker-protocol.ts';

// Before the worker runs: it does not return.
const rules = { offsetResetPolicy: 'latest', neverCommitted: 'keepOne' } as const;

await runWorker(async ({ servers, layout, groups, pollSeconds }, events) => {
  const { maxConcurrentReconciles, kafkaReadTimeoutMs } = loadConfig(process.env);
  const scalers = new Map(
    subjectsOf(layout, groups).map((subject) => {
      const scaler = scalerFor(subject, servers);
      return [scaler.key, scaler];
    }),
  );
  const states = new Map([...scalers.keys()].map((key) => [key, newState()]));
  const meter = new TickMeter(groups, events);
  const lag = createLagSource({
    readTimeoutMs: kafkaReadTimeoutMs,
    onRequest: (api) => meter.countRequest(api),
  });
  const ports = { ...fakeWorld().ports, lag };
  const { signal } = new AbortController();

  /** As `reconcile` does, but for the decision and its target. */
  async function poll(scaler: Scaler): Promise<boolean> {
    const reading = await queue.aside(readLag(scaler, ports, signal));
    const state = states.get(scaler.key);
    if (state) {
      const observed = state.history.observe(reading, rules);
      void confirmAge(scaler, state, observed, { ports, signal });
    }
    return isComplete(reading);
  }

  const queue = createWorkQueue({
    clock: systemClock,
    concurrency: maxConcurrentReconciles,
    minBackoffMs: 1000,
    maxBackoffMs: 60_000,
    onError: (key, error) => console.error(key, error),
    async run(key) {
      const scaler = scalers.get(key);
      if (!scaler) return 'done';
      await meter.reading(() => poll(scaler));
      return {
        requeueAfterMs: msToNextTick(systemClock.now(), pollSeconds * 1000, servers.join()),
      };
    },
  });
  for (const key of scalers.keys()) queue.add(key);

  return {
    async values() {
      await queue.stop();
      const all: Value[] = [];
      await inParallel(scalers.values(), maxConcurrentReconciles, async (scaler) => {
        all.push(...valuesOf(scaler, await readLag(scaler, ports, signal)));
      });
      return all;
    },
    close: () => lag.close(),
  };
});

function newState(): Pick<ScalerState, 'history' | 'confirmedAt'> {
  return { history: new OffsetHistory(), confirmedAt: undefined };
}

/** As the API server gives it, defaults filled in. */
function scalerFor({ group, topic }: Subject, servers: readonly string[]): Scaler {
  return scalerOf(group, {
    kafka: { bootstrapServers: servers },
    consumer: {
      group,
      topics: [topic],
      offsetResetPolicy: 'latest',
      isolationLevel: 'read_uncommitted',
      threadsPerReplica: 1,
      neverCommitted: 'keepOne',
    },
  });
}

function isComplete(reading: OffsetReading): boolean {
  return reading.kind === 'observed' && reading.partitions.every((p) => lagOf(p) !== undefined);
}

function lagOf(partition: PartitionOffsets): bigint | undefined {
  return partitionLag(partition, rules).lag;
}

function valuesOf({ spec }: Scaler, reading: OffsetReading): Value[] {
  if (reading.kind !== 'observed') return [];
  return reading.partitions.map((p) => ({
    group: spec.consumer.group,
    topic: p.topic,
    partition: p.partition,
    committed: typeof p.committed === 'bigint' ? String(p.committed) : undefined,
    end: p.end?.toString(),
    lag: lagOf(p)?.toString(),
  }));
}
