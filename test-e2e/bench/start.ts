import { createTopic } from '../kafka.ts';
import type { StartOperator } from './operator-process.ts';
import { openProducer, type Stage } from './stage.ts';
import { percentile } from './statistics.ts';

export interface StartTimes {
  readonly runs: number;
  readonly p50Ms: number;
  readonly maxMs: number;
}

/**
 * From the start of the process to its first scale patch, seen by a watch: loading, caches, the leader
 * lease, connections to Kafka, reading and writing. Lag waits for it, and the lease is free.
 */
export async function measureStart(
  stage: Stage,
  start: StartOperator,
  runs: number,
): Promise<StartTimes> {
  const topic = `${stage.namespace}-start-${Date.now()}`;
  await createTopic(stage.cluster.bootstrapServers, topic, 10);
  const producer = await openProducer(stage.cluster);
  const tookMs: number[] = [];
  for (let run = 0; run < runs; run++) {
    const name = `start-${run}`;
    await stage.create([{ name, topic, replicas: 1, minReplicas: 1, pollSeconds: 5 }]);
    await producer.burst(topic, 1000, 10);
    const reached = stage.reached(name, 10, 60_000); // as many as there are partitions
    const operator = await start();
    tookMs.push((await reached) - operator.spawnedAt);
    await operator.stop();
    await stage.remove([name]);
    console.log(`start ${run + 1} of ${runs}: first patch after ${tookMs.at(-1)} ms`);
  }
  await producer.close();
  return { runs, p50Ms: percentile(tookMs, 0.5), maxMs: Math.max(...tookMs) };
}
