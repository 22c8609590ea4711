import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTopic } from '../kafka.ts';
import { until } from '../until.ts';
import type { OperatorProcess, StartOperator } from './operator-process.ts';
import { difference, type Series, total, totals } from './prometheus.ts';
import { chunks, openProducer, type Stage, type Subject } from './stage.ts';
import { round } from './statistics.ts';

/** What the operator costs while nothing happens. */
export interface IdleRow {
  readonly scalers: number;
  readonly pollSeconds: number;
  /** How long it was watched. */
  readonly minutes: number;
  /** From the start of the process until each scaler was read, decided and reported once. */
  readonly allDecidedMs: number;
  /** To the API server, beside watches and the leader's lease. */
  readonly kubeRequestsPerMinute: number;
  readonly kubeRequests: Readonly<Record<string, number>>;
  readonly kafkaRequestsPerMinute: number;
  readonly kafkaRequests: Readonly<Record<string, number>>;
  /** Greatest resident memory of a look each second. */
  readonly rssMiB: number;
  readonly cpuSecondsPerMinute: number;
  readonly loadAverage: number;
}

export const idlePollSeconds = 5;
const topicCount = 10;
const partitions = 10;
/** A changed lag may be written up to 30 s later; then nothing is left to say. */
const calmMs = 45_000;

/** Scalers of groups without lag on ten shared topics of ten partitions. */
export async function prepareIdle(stage: Stage) {
  const prefix = `${stage.namespace}-idle-${Date.now()}`;
  const topics = Array.from({ length: topicCount }, (_, i) => `${prefix}-${i}`);
  const producer = await openProducer(stage.cluster);
  for (const topic of topics) {
    await createTopic(stage.cluster.bootstrapServers, topic, partitions);
    await producer.burst(topic, 1000, partitions);
  }
  await producer.close();
  let created = 0;
  return {
    /** Adds scalers until there are `count`. */
    async grow(count: number): Promise<void> {
      const subjects = Array.from(
        { length: Math.max(0, count - created) },
        (_, i): Subject => ({
          name: `idle-${created + i}`,
          topic: topics[(created + i) % topicCount] ?? prefix,
          replicas: 1,
          minReplicas: 1,
          pollSeconds: idlePollSeconds,
        }),
      );
      for (const chunk of chunks(subjects, 50)) {
        await stage.create(chunk);
        created += chunk.length;
        console.log(`${created} of ${count} scalers`);
      }
    },
  };
}

/** @param minutes how long to look, once calm */
export async function measureIdle(
  start: StartOperator,
  { scalers, minutes }: { readonly scalers: number; readonly minutes: number },
): Promise<IdleRow> {
  const operator = await start();
  try {
    const decidedAt = await allDecided(operator, scalers);
    console.log(
      `${scalers} scalers decided after ${decidedAt - operator.spawnedAt} ms; looking on`,
    );
    await sleep(calmMs);
    const before = await look(operator);
    const { rssMiB, loadAverage } = await watchProcess(operator, minutes * 60_000);
    const after = await look(operator);
    const spentMinutes = (after.at - before.at) / 60_000;
    const kube = difference(before.kube, after.kube);
    const kafka = difference(before.kafka, after.kafka);
    const perMinute = (count: number) => round(count / spentMinutes, 1);
    return {
      scalers,
      pollSeconds: idlePollSeconds,
      minutes: round(spentMinutes, 1),
      allDecidedMs: decidedAt - operator.spawnedAt,
      kubeRequestsPerMinute: perMinute(total(kube)),
      kubeRequests: Object.fromEntries(kube),
      kafkaRequestsPerMinute: perMinute(total(kafka)),
      kafkaRequests: Object.fromEntries(kafka),
      rssMiB: round(rssMiB),
      cpuSecondsPerMinute: round((after.cpuSeconds - before.cpuSeconds) / spentMinutes, 2),
      loadAverage: round(loadAverage, 1),
    };
  } finally {
    await operator.stop();
  }
}

/** @returns epoch ms */
async function allDecided(operator: OperatorProcess, scalers: number): Promise<number> {
  let decided = 0;
  await until(
    `${scalers} scalers with a decision`,
    async () => {
      decided = decidedScalers(await operator.metrics());
      return decided >= scalers;
    },
    { withinMs: 120_000, seen: () => decided },
  );
  return Date.now();
}

function decidedScalers(series: readonly Series[]): number {
  return totals(series, 'lagscaler_decisions_total', ({ name }) => name).size;
}

async function look(operator: OperatorProcess) {
  const series = await operator.metrics();
  return {
    at: Date.now(),
    cpuSeconds: operator.cpuSeconds(),
    kube: totals(series, 'lagscaler_kube_requests_total', ({ verb, resource }) =>
      verb === 'watch' || resource === 'leases' ? undefined : `${verb} ${resource}`,
    ),
    kafka: totals(series, 'lagscaler_kafka_requests_total', ({ api }) => api),
  };
}

/** The greatest that is seen, a look each second. */
async function watchProcess(operator: OperatorProcess, forMs: number) {
  const end = Date.now() + forMs;
  let rssMiB = 0;
  let loadAverage = 0;
  while (Date.now() < end) {
    await sleep(1000);
    rssMiB = Math.max(rssMiB, operator.rssMiB());
    loadAverage = Math.max(loadAverage, loadavg()[0] ?? 0);
  }
  return { rssMiB, loadAverage };
}
