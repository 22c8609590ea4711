import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { createLagSource } from '../../../operator/src/kafka/lag-source.ts';
import type { Cluster } from '../../cluster.ts';
import { clientOf } from '../../kafka.ts';
import type { KubeReader } from '../../kube.ts';
import { seededRandom } from '../../random.ts';
import { approval, createTimedConsumers } from '../../timed-consumers.ts';
import { until } from '../../until.ts';
import type { RealitySample } from './measure.ts';
import type { RealityTrace } from './traces.ts';

/** One trace, played to real consumers. */
export interface Played {
  readonly samples: readonly RealitySample[];
  /** Records per second that one replica reads, as the scaler has learned it. */
  readonly capacityPerReplica: number;
  readonly sent: number;
  /** The largest status.lagSeconds. */
  readonly oldestSeconds: number;
  readonly history: unknown;
}

export interface World {
  readonly cluster: Cluster;
  readonly kube: KubeReader;
  readonly partitions: number;
  readonly workMs: number;
  readonly spec: object;
}

const everyMs = 500;

export async function play(trace: RealityTrace, world: World): Promise<Played> {
  const { cluster, kube, partitions, workMs, spec } = world;
  const namespace = `reality-${trace.name}`;
  const random = seededRandom(1);
  const options = { partitions, workMs, replicas: trace.startReplicas, spec, random };
  const consumers = await createTimedConsumers(cluster, namespace, options);
  const look = await createLookout(world, namespace);
  try {
    const joined = async () => (await look.once(0)).members === trace.startReplicas;
    await until('every replica is a member', joined, { withinMs: 120_000 });
    const first = (await look.once(0)).consumed;
    const startedAt = performance.now();
    const elapsed = () => (performance.now() - startedAt) / 1000;
    consumers.load.follow(trace.rate);
    await consumers.applyScaler();
    const samples: RealitySample[] = [];
    let oldestSeconds = 0;
    while (elapsed() < trace.seconds) {
      const tick = sleep(everyMs);
      const sample = await look.once(elapsed());
      samples.push({ ...sample, consumed: sample.consumed - first });
      const { status } = await kube.scaler(namespace, approval);
      oldestSeconds = Math.max(oldestSeconds, Number(status?.lagSeconds ?? 0));
      if (samples.length % 60 === 0) console.log(JSON.stringify({ ...samples.at(-1) }));
      await tick;
    }
    const { status } = await kube.scaler(namespace, approval);
    return {
      samples,
      capacityPerReplica: Number(status?.capacityPerReplica ?? Number.NaN),
      sent: consumers.load.sent(),
      oldestSeconds,
      history: status?.history,
    };
  } finally {
    await consumers.load.end();
    await look.close();
    await consumers.remove();
  }
}

/** Looks at pods, members and offsets, independently of the operator. */
async function createLookout({ cluster, kube }: World, namespace: string) {
  const admin = clientOf(cluster.bootstrapServers).admin();
  await admin.connect();
  const source = createLagSource();
  return {
    async once(t: number): Promise<RealitySample> {
      const path = `/api/v1/namespaces/${namespace}/pods`;
      const [pods, { spec }, members, offsets] = await Promise.all([
        kube.get<{ items: unknown[] }>(path),
        kube.deployment(namespace, approval),
        membersOf(admin),
        offsetsOf(source, cluster.bootstrapServers),
      ]);
      return { t, replicas: spec.replicas, pods: pods?.items.length ?? 0, members, ...offsets };
    },
    async close() {
      await admin.disconnect();
      await source.close();
    },
  };
}

async function membersOf(admin: Admin): Promise<number> {
  const { groups } = await admin.describeGroups([approval]);
  return groups[0]?.members.length ?? 0;
}

async function offsetsOf(source: ReturnType<typeof createLagSource>, servers: readonly string[]) {
  const request = {
    connection: { bootstrapServers: servers, tls: undefined, sasl: undefined },
    group: approval,
    topics: ['user-approve'],
    partitions: undefined,
    isolationLevel: 'read_uncommitted',
  } as const;
  const reading = await source.read('reality', request, new AbortController().signal);
  if (reading.kind !== 'observed') throw new Error(`offsets: ${reading.message}`);
  let [consumed, lag] = [0, 0];
  for (const { committed, end = 0n } of reading.partitions) {
    const at = typeof committed === 'bigint' ? committed : 0n;
    consumed += Number(at);
    lag += Number(end - at);
  }
  return { consumed, lag };
}
