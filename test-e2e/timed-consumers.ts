import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Partitioners } from 'kafkajs';
import type { Cluster } from './cluster.ts';
import { applyObject, installApprovalService, sampleScaler } from './install.ts';
import { clientOf, commitOffsets, createTopic } from './kafka.ts';
import type { KubeReader } from './kube.ts';
import { removeSaga } from './saga.ts';

export const approval = 'user-approval-service';
const topic = 'user-approve';

export interface TimedConsumersOptions {
  readonly partitions: number;
  /** What a record takes, ms: one replica reads 1000 / workMs records a second, if nothing else holds it up. */
  readonly workMs: number;
  readonly replicas: number;
  /** On top of samples/user-approval-service.yaml. */
  readonly spec: object;
  /** From 0 to 1: records come by chance and to any partition; undefined: evenly. */
  readonly random?: () => number;
}

/**
 * Real consumers that take a known time per record, each a pod of user-approval-service, with a load made to
 * measure, and a scaler as soon as it is applied. They have the topics and the group to themselves.
 */
export async function createTimedConsumers(
  cluster: Cluster,
  namespace: string,
  { partitions, workMs, replicas, spec, random }: TimedConsumersOptions,
) {
  const servers = cluster.bootstrapServers;
  await removeSaga(cluster);
  await Promise.all([
    createTopic(servers, topic, partitions),
    createTopic(servers, `${topic}-response`, partitions),
    createTopic(servers, `${topic}.dlq`, 1),
  ]);
  // It has read all there was: nothing.
  const start = Array.from({ length: partitions }, (_, partition) => [partition, 0n] as const);
  await commitOffsets(servers, approval, topic, new Map(start));
  await installApprovalService(cluster, namespace, {
    replicas,
    env: { WORK_MS: String(workMs) },
    light: true,
  });
  const scaler = (more: object = {}) =>
    sampleScaler(cluster, `${approval}.yaml`, namespace, { ...spec, ...more });
  return {
    namespace,
    /** What `applyScaler` applies. */
    scaler,
    applyScaler: (more: object = {}) => applyObject(cluster, scaler(more)),
    load: await startLoad(servers, partitions, random),
    async remove() {
      const doomed = ['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=55s'];
      await cluster.kubectl(doomed);
      await removeSaga(cluster);
    },
  };
}

export type TimedConsumers = Awaited<ReturnType<typeof createTimedConsumers>>;

const sliceMs = 100;

/** Records at a rate that can change at any moment; late ones are sent, not left out. */
async function startLoad(
  servers: readonly string[],
  partitions: number,
  random: (() => number) | undefined,
) {
  const producer = clientOf(servers).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    idempotent: true,
    retry: { retries: 10 },
  });
  await producer.connect();
  const ended = new AbortController();
  let rate: (seconds: number) => number = () => 0;
  let since = performance.now();
  let sent = 0;
  let due = 0;
  const deal = () => record(random ? Math.floor(random() * partitions) : sent % partitions);
  /** What has come due in so many seconds that end now. */
  const messages = (seconds: number, now: number) => {
    const expected = rate((now - since) / 1000) * seconds;
    due += random ? poisson(expected, random) : expected;
    const next = [];
    for (; sent + 1 <= due; sent++) next.push(deal());
    return next;
  };
  const loop = async () => {
    let before = performance.now();
    while (!ended.signal.aborted) {
      await sleep(sliceMs);
      const now = performance.now();
      const next = messages((now - before) / 1000, now);
      before = now;
      if (next.length > 0) await producer.send({ topic, messages: next, acks: -1 });
    }
  };
  const running = loop();
  running.catch(() => undefined); // told by `end`
  return {
    /** @param next records per second, by the seconds from now on */
    follow(next: (seconds: number) => number): void {
      rate = next;
      since = performance.now();
    },
    set(recordsPerSecond: number): void {
      this.follow(() => recordsPerSecond);
    },
    /** Records at once, dealt out evenly. */
    async burst(records: number): Promise<void> {
      const messages = Array.from({ length: records }, (_, i) => record(i % partitions));
      await producer.send({ topic, messages, acks: -1 });
    },
    sent: () => sent,
    /** @throws Error when records could not be sent */
    async end(): Promise<void> {
      ended.abort();
      try {
        await running;
      } finally {
        await producer.disconnect();
      }
    },
  };
}

/** How many come when so many are expected: Knuth's way, good for the few of a slice. */
function poisson(expected: number, random: () => number): number {
  const limit = Math.exp(-expected);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}

function record(partition: number) {
  const uuid = randomUUID();
  const data = { name: 'hans', uuid: randomUUID(), approved: 'pending' };
  const value = { uuid, type: 'user-create', state: 'pending', data };
  return { key: uuid, value: JSON.stringify(value), partition };
}

/** Every change of spec.replicas, at the moment the API server tells it. */
export function watchSizes(kube: KubeReader, namespace: string) {
  const actions: { readonly from: number; readonly to: number }[] = [];
  const ended = new AbortController();
  let from: number | undefined;
  const onChange = (to: number) => {
    if (from !== undefined && from !== to) actions.push({ from, to });
    from = to;
  };
  // A watch that has nothing to tell for minutes breaks; the next one begins with what is there.
  const watch = async () => {
    while (!ended.signal.aborted) {
      await kube.watchReplicas(namespace, approval, onChange, ended.signal).catch(() => undefined);
      await sleep(sliceMs);
    }
  };
  const watching = watch();
  return {
    actions,
    async end() {
      ended.abort();
      await watching;
    },
  };
}
