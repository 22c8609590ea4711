import { randomBytes } from 'node:crypto';
import { afterAll, expect } from 'vitest';
import type { Cluster } from './cluster.ts';
import { applyObject, createNamespace, rolledOut, sampleScaler } from './install.ts';
import { commitOffsets, createTopic, endOffsets, produce } from './kafka.ts';
import type { KubeReader, ScalerView } from './kube.ts';
import { until } from './until.ts';

export interface ScenarioOptions {
  /** Of the topic; 12. */
  readonly partitions?: number;
  /** Of the Deployment at the start; 1. */
  readonly replicas?: number;
  /** Over the defaults: poll 1 s, 10 records per replica, 1 to 100 replicas, no scale-down window. */
  readonly spec?: object;
  /** Commit offset 0 everywhere first, as a group that has consumed; true. */
  readonly committed?: boolean;
  /** Lag before there is a scaler, so that its first decision already meets it; 0. */
  readonly records?: number;
}

interface Context {
  readonly cluster: Cluster;
  readonly kube: KubeReader;
}

/** Makes scenarios that are removed after the last test of the file, or of the `describe` around the call. */
export function scenariosIn(context: Context) {
  const made: Scenario[] = [];
  afterAll(async () => {
    await Promise.all(made.map((scenario) => scenario.remove()));
  });
  return async (options: ScenarioOptions = {}): Promise<Scenario> => {
    const scenario = await createScenario(context, options);
    made.push(scenario);
    return scenario;
  };
}

/**
 * A Deployment, a topic, a group and a KafkaConsumerScaler in a namespace of their own. The pods consume
 * nothing: the test itself produces and commits, so lag is exactly what it says.
 */
export async function createScenario({ cluster, kube }: Context, options: ScenarioOptions = {}) {
  const { partitions = 12, replicas = 1, spec = {}, committed = true, records = 0 } = options;
  const namespace = `e2e-${randomBytes(4).toString('hex')}`;
  const topic = namespace;
  const group = `${namespace}-group`;
  const kafka = cluster.bootstrapServers;
  await Promise.all([createNamespace(cluster, namespace), createTopic(kafka, topic, partitions)]);
  const all = (offset: bigint) =>
    new Map(Array.from({ length: partitions }, (_, partition) => [partition, offset] as const));
  if (committed) await commitOffsets(kafka, group, topic, all(0n));

  const scaler = (more: object) =>
    sampleScaler(cluster, 'minimal.yaml', namespace, {
      scaleTargetRef: { name: 'consumer' },
      minReplicas: 1,
      maxReplicas: 100,
      pollingIntervalSeconds: 1,
      consumer: { group, topics: [topic], offsetResetPolicy: 'earliest' },
      sizing: { lagPerReplica: { value: 10 } },
      behavior: {
        scaleUp: { policies: [{ type: 'Pods', value: 1000, periodSeconds: 1 }] },
        scaleDown: { stabilizationWindowSeconds: 0 },
      },
      ...spec,
      ...more,
    });

  const scenario = {
    namespace,
    topic,
    group,
    partitions,
    /** Writes records to one partition: up to 1,000 are one batch, which no poll can see half of. */
    produce: (records: number) => produce(kafka, topic, { partitions: 1, records }),
    /** Commits the end of every partition: no lag is left. */
    async commitEverything() {
      await commitOffsets(kafka, group, topic, await endOffsets(kafka, topic));
    },
    async applyScaler(name = 'consumer', more: object = {}) {
      const sample = scaler(more);
      await applyObject(cluster, { ...sample, metadata: { ...sample.metadata, name } });
    },
    patchScaler: (patch: object, name = 'consumer') =>
      cluster.kubectl([
        ...['patch', 'kcs', name, '-n', namespace, '--type=merge', '-p'],
        JSON.stringify(patch),
      ]),
    deployment: () => kube.deployment(namespace, 'consumer'),
    /** Changes of spec.replicas since the Deployment was created: each one moves its generation. */
    async patches(): Promise<number> {
      return (await kube.deployment(namespace, 'consumer')).metadata.generation - 1;
    },
    events: () => kube.events(namespace, 'consumer'),
    status: async (name = 'consumer') => (await kube.scaler(namespace, name)).status,

    async expectReplicas(count: number, withinMs = 30_000) {
      let seen: number | undefined;
      await until(
        `${count} replicas of ${namespace}/consumer`,
        async () => {
          seen = (await kube.deployment(namespace, 'consumer')).spec.replicas;
          return seen === count;
        },
        { withinMs, seen: () => seen },
      );
    },
    async expectCondition(type: string, status: string, reason: string, name = 'consumer') {
      let seen: ScalerView['status'];
      await until(
        `condition ${type}=${status} ${reason} of ${namespace}/${name}`,
        async () => {
          seen = (await kube.scaler(namespace, name)).status;
          const found = seen?.conditions?.find((c) => c.type === type);
          return found?.status === status && found.reason === reason;
        },
        { seen: () => seen?.conditions?.map((c) => `${c.type}=${c.status} ${c.reason}`) },
      );
    },
    /** The lag is not known, whatever the reason, which is returned. */
    async expectUnknown(withinMs = 30_000): Promise<string> {
      return until(
        `ScalingActive=Unknown of ${namespace}/consumer`,
        async () => {
          const { status } = await kube.scaler(namespace, 'consumer');
          const found = status?.conditions?.find((c) => c.type === 'ScalingActive');
          return found?.status === 'Unknown' && found.reason;
        },
        { withinMs },
      );
    },
    /** Every value of spec.replicas from now on, the present one first; `onChange` hears of each. */
    watchSizes(onChange: (replicas: number) => void = () => {}) {
      const sizes: number[] = [];
      const ended = new AbortController();
      const hear = (replicas: number) => {
        sizes.push(replicas);
        onChange(replicas);
      };
      const watching = kube.watchReplicas(namespace, 'consumer', hear, ended.signal);
      return {
        sizes,
        async end() {
          const lost = await Promise.race([watching.then(() => true), false]);
          ended.abort();
          await watching.catch(() => {}); // that is how an aborted watch ends
          expect(lost, 'the watch ended before the test did').toBe(false);
        },
      };
    },
    /** Several polls in a row go by with the replicas where they are, whatever the lag. */
    async expectHeld(count: number, polls = 5) {
      const before = await kube.deployment(namespace, 'consumer');
      expect(before.spec.replicas).toBe(count);
      const since = Date.now();
      await until(`${polls} polls`, () => Date.now() - since > polls * 1000, {
        withinMs: polls * 1000 + 5000,
      });
      const after = await kube.deployment(namespace, 'consumer');
      expect([after.spec.replicas, after.metadata.generation]).toEqual([
        count,
        before.metadata.generation,
      ]);
    },
    async remove() {
      await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    },
  };

  if (records > 0) await scenario.produce(records);
  await applyObject(cluster, sleeper(cluster, namespace, replicas));
  await rolledOut(cluster, namespace, 'deployment/consumer');
  await scenario.applyScaler();
  return scenario;
}

export type Scenario = Awaited<ReturnType<typeof createScenario>>;

/** A Deployment whose pods do nothing. */
export function sleeper(
  cluster: Cluster,
  namespace: string,
  replicas: number,
  kind = 'Deployment',
) {
  const labels = { app: 'consumer' };
  const container = { name: 'sleep', image: cluster.image('lagscaler/sleep') };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'consumer', namespace },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      ...(kind === 'StatefulSet' && { serviceName: 'consumer', podManagementPolicy: 'Parallel' }),
      template: {
        metadata: { labels, annotations: { 'lagscaler.dev/light': 'true' } },
        spec: { containers: [container], terminationGracePeriodSeconds: 1 },
      },
    },
  };
}
