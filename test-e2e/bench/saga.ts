import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { followOperations } from '@lagscaler/loadgen/follow-operations.ts';
import { generateLoad } from '@lagscaler/loadgen/generate-load.ts';
import { defaultNames } from '@lagscaler/loadgen/names.ts';
import type { LoadObserver } from '@lagscaler/loadgen/observer.ts';
import type { TimeSummary } from '@lagscaler/loadgen/times.ts';
import type { Cluster } from '../cluster.ts';
import { groupLag } from '../kafka.ts';
import { resetSaga, untilSettled } from '../saga.ts';
import { postUsers } from '../saga-posts.ts';
import {
  type Service,
  type ServiceEnv,
  type ServiceName,
  startService,
} from '../service-process.ts';
import { until } from '../until.ts';
import { rssMiB, shippedNodeOptions } from './proc.ts';
import { round } from './statistics.ts';

export interface SagaResult {
  /** Messages of user-approve that one replica commits per second, with a backlog. */
  readonly approvalsPerSecond: number;
  readonly posts: readonly PostRow[];
  /** From the intended send time to the terminal state, at the lowest rate and without lag. */
  readonly sagaMs: TimeSummary;
  readonly memory: readonly { readonly service: ServiceName; readonly rssMiB: number }[];
  readonly loadAverage: number;
}

export interface PostRow {
  readonly usersPerSecond: number;
  /** Of user-approve when the load began. */
  readonly lag: number;
  readonly latencyMs: TimeSummary;
  readonly achievedPerSecond: number;
}

/** What the figures must not miss; each a sentence. On a busy machine they do. */
export function sagaProblems({ approvalsPerSecond, posts }: SagaResult): string[] {
  const rate = Math.abs(approvalsPerSecond - 5) > 0.3;
  return [
    ...(rate ? [`one replica approved ${approvalsPerSecond} messages/s, not 5 ± 0.3`] : []),
    ...posts.flatMap(({ usersPerSecond, lag, latencyMs }) => {
      const ratio = latencyMs.p99 / withoutLag(posts, usersPerSecond);
      return ratio > 1.2
        ? [
            `at ${usersPerSecond} users/s and a lag of ${lag}, POST p99 was ${round(ratio, 2)} times that without lag`,
          ]
        : [];
    }),
  ];
}

/** POST p99 in milliseconds at the same rate, with nothing to catch up with. */
export function withoutLag(posts: readonly PostRow[], usersPerSecond: number): number {
  return posts.find((row) => row.usersPerSecond === usersPerSecond)?.latencyMs.p99 ?? Number.NaN;
}

const backlog = 10_000;
const loadSeconds = 30;
const approvers = 6;

/** The three services as processes on an empty Kafka and MongoDB. @throws Error when POSTs fail */
export async function measureSaga(cluster: Cluster, rates: readonly number[]): Promise<SagaResult> {
  await resetSaga(cluster, 60);
  const operation = await startShipped('operation-service', cluster);
  const user = await startShipped('user-service', cluster);
  const running: Service[] = [operation, user];
  try {
    const approvalsPerSecond = await approvalRate(cluster, operation.url);
    const sagaMs = await measureSagaTime(cluster, operation.url);
    const posts: PostRow[] = [];
    for (const rate of rates) posts.push(...(await measurePosts(cluster, operation.url, rate)));
    await withApprovers(cluster, '1', () => untilSettled(cluster, 300_000));
    running.push(await startShipped('user-approval-service', cluster, { WORK_MS: '20' }));
    await load(operation.url, 25, 10);
    return {
      approvalsPerSecond,
      sagaMs,
      posts,
      memory: running.map(({ name, pid }) => ({ service: name, rssMiB: round(rssMiB(pid)) })),
      loadAverage: round(loadavg()[0] ?? 0, 1),
    };
  } finally {
    await Promise.all(running.map((service) => service.stop()));
  }
}

/** With the heap that its manifest gives it. */
function startShipped(name: ServiceName, cluster: Cluster, env: ServiceEnv = {}): Promise<Service> {
  const options = shippedNodeOptions(`deploy/demo-services/${name}`);
  return startService(name, cluster, { ...(options && { NODE_OPTIONS: options }), ...env });
}

/** One replica with its default work, over a minute in which it never has nothing to do. */
async function approvalRate(cluster: Cluster, url: string): Promise<number> {
  await postUsers(url, 400, 20);
  await untilLag(cluster, (lag) => lag >= 400n);
  const approval = await startService('user-approval-service', cluster);
  try {
    await untilLag(cluster, (lag) => lag < 395n);
    const [from, before] = [performance.now(), await approvalLag(cluster)];
    await sleep(60_000);
    const [to, after] = [performance.now(), await approvalLag(cluster)];
    console.log(`one approval replica: ${before - after} messages in ${Math.round(to - from)} ms`);
    return round(Number(before - after) / ((to - from) / 1000), 2);
  } finally {
    await approval.stop();
  }
}

/**
 * The same load twice, once from a lag of 0 and once from one of 10,000. Nobody approves meanwhile: both
 * times the same happens, and two cores could not carry the approvals of 200 users a second.
 */
async function measurePosts(cluster: Cluster, url: string, rate: number): Promise<PostRow[]> {
  await withApprovers(cluster, '1', () => untilSettled(cluster, 300_000));
  const first = await measurePost(cluster, url, rate);
  while ((await approvalLag(cluster)) < BigInt(backlog)) await postUsers(url, 1000, 20);
  return [first, await measurePost(cluster, url, rate)];
}

async function withApprovers<T>(
  cluster: Cluster,
  workMs: string,
  work: () => Promise<T>,
): Promise<T> {
  const env = { WORK_MS: workMs };
  const all = await Promise.all(
    Array.from({ length: approvers }, () => startService('user-approval-service', cluster, env)),
  );
  try {
    return await work();
  } finally {
    await Promise.all(all.map((service) => service.stop()));
  }
}

async function measurePost(cluster: Cluster, url: string, rate: number): Promise<PostRow> {
  await load(url, rate, 5); // connections, code and caches are warm
  const lag = Number(await approvalLag(cluster));
  const { latencyMs, achievedPerSecond } = await load(url, rate, loadSeconds);
  console.log(`${rate} users/s at lag ${lag}: p99 ${latencyMs.p99} ms`);
  return { usersPerSecond: rate, lag, latencyMs, achievedPerSecond };
}

/** Apart from the POSTs: to look for the ends of operations is a load too. */
async function measureSagaTime(cluster: Cluster, url: string): Promise<TimeSummary> {
  return withApprovers(cluster, '200', async () => {
    await untilSettled(cluster, 300_000);
    const follower = followOperations({ target: { url } });
    try {
      await load(url, 25, loadSeconds, follower.observer);
      const { sagaMs, balanced } = await follower.settled(AbortSignal.timeout(60_000));
      if (!sagaMs || !balanced) throw new Error('not every operation ended as predicted');
      return sagaMs;
    } finally {
      await follower.stop();
    }
  });
}

async function load(url: string, ratePerSecond: number, seconds: number, observer?: LoadObserver) {
  const { latencyMs, sent, accepted, errors, achievedPerSecond } = await generateLoad(
    {
      target: { url },
      profile: { kind: 'constant', ratePerSecond },
      durationMs: seconds * 1000,
      names: defaultNames,
      ...(observer && { observer }),
    },
    new AbortController().signal,
  );
  if (!latencyMs || accepted !== sent) {
    throw new Error(`${sent - accepted} of ${sent} POSTs failed: ${JSON.stringify(errors)}`);
  }
  return { latencyMs, achievedPerSecond };
}

function approvalLag({ bootstrapServers }: Cluster): Promise<bigint> {
  return groupLag(bootstrapServers, 'user-approval-service', ['user-approve']);
}

async function untilLag(cluster: Cluster, enough: (lag: bigint) => boolean): Promise<void> {
  let seen: bigint | undefined;
  await until(
    'the lag of user-approve',
    async () => {
      seen = await approvalLag(cluster);
      return enough(seen);
    },
    { withinMs: 120_000, everyMs: 250, seen: () => String(seen) },
  );
}
