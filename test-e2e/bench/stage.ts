import { Partitioners } from 'kafkajs';
import { stringify } from 'yaml';
import type { Cluster } from '../cluster.ts';
import { createNamespace, sampleScaler } from '../install.ts';
import { clientOf, commitOffsets, endOffsets } from '../kafka.ts';
import type { KubeReader } from '../kube.ts';
import { until } from '../until.ts';

/** A Deployment with its scaler and its consumer group, all of one name. */
export interface Subject {
  readonly name: string;
  readonly topic: string;
  readonly replicas: number;
  readonly minReplicas: number;
  readonly pollSeconds: number;
}

export type Stage = Awaited<ReturnType<typeof createStage>>;

/** A namespace of Deployments without pods, and what the benchmarks do with them. */
export async function createStage(cluster: Cluster, kube: KubeReader, namespace: string) {
  const kafka = cluster.bootstrapServers;
  await createNamespace(cluster, namespace);
  return {
    cluster,
    kube,
    namespace,
    /** Each group commits the ends of its topic first: it has consumed all there is. */
    async create(subjects: readonly Subject[]): Promise<void> {
      for (const chunk of chunks(subjects, 10))
        await Promise.all(chunk.map(({ name, topic }) => commitEnds(kafka, name, topic)));
      const objects = subjects.flatMap((s) => [
        deployment(namespace, s),
        scaler(cluster, namespace, s),
      ]);
      const yaml = objects.map((object) => stringify(object)).join('---\n');
      await cluster.kubectl(['create', '-f', '-'], yaml);
    },
    async remove(names: readonly string[]): Promise<void> {
      for (const kind of ['kcs', 'deployment'])
        await cluster.kubectl(['delete', kind, '-n', namespace, ...names]);
    },
    /** The operator has read that nothing is left to consume, and said so. */
    async settled(name: string, withinMs = 60_000): Promise<void> {
      await until(
        `a first decision about ${name}`,
        async () => (await kube.scaler(namespace, name)).status?.lag === '0',
        { withinMs },
      );
    },
    /** Changes of spec.replicas since the Deployment was created: each one moves its generation. */
    async patches(name: string): Promise<number> {
      return (await kube.deployment(namespace, name)).metadata.generation - 1;
    },
    /** Epoch ms at which the API server tells of `replicas` replicas. */
    async reached(name: string, replicas: number, withinMs: number): Promise<number> {
      const over = AbortSignal.timeout(withinMs);
      const found = new AbortController();
      let at: number | undefined;
      const onChange = (seen: number) => {
        if (seen !== replicas) return;
        at = Date.now();
        found.abort();
      };
      const either = AbortSignal.any([over, found.signal]);
      await kube.watchReplicas(namespace, name, onChange, either).catch((error: unknown) => {
        if (!either.aborted) throw error;
      });
      if (at !== undefined) return at;
      throw new Error(`${namespace}/${name} was not at ${replicas} replicas in ${withinMs} ms`);
    },
    close: () => cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']),
  };
}

async function commitEnds(kafka: readonly string[], group: string, topic: string): Promise<void> {
  await commitOffsets(kafka, group, topic, await endOffsets(kafka, topic));
}

/** Paused before it had a ReplicaSet, it scales and never starts a pod: 100 pods would cost the CPU. */
function deployment(namespace: string, { name, replicas }: Subject) {
  const labels = { app: name };
  const containers = [{ name: 'none', image: 'none' }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas,
      paused: true,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  };
}

/** Defaults wherever a default exists: no `behavior`, no tolerance. */
function scaler(cluster: Cluster, namespace: string, subject: Subject) {
  const { name, topic, minReplicas, pollSeconds } = subject;
  const sample = sampleScaler(cluster, 'minimal.yaml', namespace, {
    scaleTargetRef: { name },
    minReplicas,
    maxReplicas: 100,
    pollingIntervalSeconds: pollSeconds,
    consumer: { group: name, topics: [topic] },
    sizing: { lagPerReplica: { value: 10 } },
  });
  return { ...sample, metadata: { ...sample.metadata, name } };
}

export function chunks<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** A connected producer, so that a burst takes no longer than the brokers need for it. */
export async function openProducer(cluster: Cluster) {
  const producer = clientOf(cluster.bootstrapServers).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    idempotent: true,
  });
  await producer.connect();
  return {
    /**
     * All in one go, spread evenly; resolves when every broker has acknowledged its part.
     * @returns epoch ms at which the first record was in a log, when the topic's timestamps are
     *   LogAppendTime
     */
    async burst(topic: string, records: number, partitions: number): Promise<number> {
      const messages = Array.from({ length: records }, (_, i) => ({
        value: `${i}`,
        partition: i % partitions,
      }));
      const written = await producer.send({ topic, messages, acks: -1 });
      return Math.min(...written.map(({ logAppendTime }) => Number(logAppendTime)));
    },
    close: () => producer.disconnect(),
  };
}

export type BurstProducer = Awaited<ReturnType<typeof openProducer>>;
