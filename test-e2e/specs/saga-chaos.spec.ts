import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installApprovalService, rolledOut } from '../install.ts';
import { groupLag } from '../kafka.ts';
import { podProcess } from '../local/node-agent/pod-process.ts';
import type { Stack } from '../local/stack.ts';
import { seededRandom, shuffled } from '../random.ts';
import { resetSaga, sagaGroups } from '../saga.ts';
import { postSteadily } from '../saga-posts.ts';
import { type SagaRun, startSagaRun } from '../saga-run.ts';
import { needsStack, suiteCluster, suiteStack } from '../suite.ts';
import { until } from '../until.ts';

/** Pods of the approval service come, go and are killed at random while users come in. */
const title = needsStack ? `D3: ${needsStack}` : 'D3: scaling under fire';

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

describe.skipIf(needsStack)(title, async () => {
  const { cluster, kube } = await suiteCluster();
  const namespace = 'e2e-chaos';
  const name = 'user-approval-service';
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const random = seededRandom(seed);
  let stack: Stack;
  let saga: SagaRun;

  beforeAll(async () => {
    stack = await suiteStack();
    const services = ['operation-service', 'user-service'] as const;
    saga = await startSagaRun(cluster, { partitions: 20, services });
    await installApprovalService(cluster, namespace, { replicas: 1, env: { WORK_MS: '120' } });
  });
  afterAll(async () => {
    await cluster.kubectl(['delete', 'namespace', namespace, '--timeout=55s']);
    await saga?.stop();
    await resetSaga(cluster, 1);
  });

  /** Ready, and not on their way out. */
  async function readyPods(): Promise<readonly string[]> {
    const list = await kube.get<{ items: Pod[] }>(`/api/v1/namespaces/${namespace}/pods`);
    const isReady = ({ metadata, status }: Pod) =>
      metadata.deletionTimestamp === undefined &&
      status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
    return (list?.items ?? []).filter(isReady).map((pod) => pod.metadata.name);
  }

  /** What a pod has logged last. */
  function lastWords(pod: string): { readonly msg: string; readonly code?: number } {
    const file = join(stack.dir, 'logs/pods', `${namespace}_${pod}_${name}.log`);
    return JSON.parse(readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '{}');
  }

  const scale = (replicas: number) =>
    cluster.kubectl(['scale', '-n', namespace, `deployment/${name}`, `--replicas=${replicas}`]);
  const nReady = (count: number) =>
    until(`${count} pods ready`, async () => (await readyPods()).length === count, {
      withinMs: 90_000,
    });

  const killed = new Set<string>();
  const asked: string[] = [];
  const backlog = async () =>
    Number(await groupLag(cluster.bootstrapServers, name, sagaGroups[name]));

  /** Which strikes there are is fixed; their order and their victims are not. */
  const plan = shuffled([...Array(3).fill('SIGKILL'), ...Array(5).fill('SIGTERM')], random);

  /** One of the pods ends, politely or not, while there is work for each of them. */
  async function strike(): Promise<void> {
    const pods = (await readyPods()).filter((pod) => !killed.has(pod));
    const victim = pods[Math.floor(random() * pods.length)];
    const signal = plan[killed.size + asked.length];
    if (victim === undefined || signal === undefined) throw new Error('nothing to strike at');
    expect(await backlog(), 'records left, so that no pod is idle').toBeGreaterThan(50);
    if (signal === 'SIGKILL') {
      process.kill(-podProcess(stack.dir, namespace, victim), 'SIGKILL');
      killed.add(victim);
    } else {
      await cluster.kubectl(['delete', 'pod', '-n', namespace, victim, '--wait=false']);
      asked.push(victim);
    }
  }

  test('D3: 1,000 messages while approval goes 1 → 10 → 2 with SIGTERM and SIGKILL at random', async () => {
    console.log(`D3: SEED=${seed}`);
    await saga.post(700, 20);
    const load = postSteadily(saga.url, 20);
    const strikes = async (count: number) => {
      for (let i = 0; i < count; i++) await strike();
    };
    await scale(10);
    await until('some more pods', async () => (await readyPods()).length > 4);
    await strikes(3);
    await nReady(10);
    await strikes(5);
    expect([killed.size, asked.length]).toEqual([3, 5]);
    await nReady(10);
    await until('1,000 users', () => saga.accepted.size + load.accepted.size >= 1_000);
    // Two pods alone would take minutes; they still leave while they have work in hand.
    await until('little is left', async () => (await backlog()) < 150, { withinMs: 60_000 });
    const before = await readyPods();
    await scale(2);
    const posts = await load.stop();
    expect(Object.fromEntries(posts.statuses)).toEqual({ 202: posts.accepted.size });
    for (const [uuid, user] of posts.accepted) saga.accepted.set(uuid, user);
    await rolledOut(cluster, namespace, `deployment/${name}`);
    await nReady(2);
    const left = await readyPods();
    asked.push(...before.filter((pod) => !left.includes(pod) && !killed.has(pod)));

    const { operations, duplicates } = await saga.balance(120_000);
    console.log(`D3: ${operations} operations, duplicates ${JSON.stringify(duplicates)}`);
    expect(operations).toBe(saga.accepted.size);
    const ends = () => asked.map(lastWords);
    await until(
      'every pod that was asked to end has ended',
      () => ends().every(({ msg }) => msg === 'stopped'),
      { withinMs: 40_000, seen: ends },
    );
    expect(ends().map(({ code }) => code)).toEqual(asked.map(() => 0));
  });
});
