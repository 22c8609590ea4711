import { afterAll, expect, test } from 'vitest';
import { approvalTopics, createApprovalTopics, type Load, startLoad } from '../approval-load.ts';
import { applyObject, installApprovalService, sampleScaler } from '../install.ts';
import { commitOffsets } from '../kafka.ts';
import { suiteCluster } from '../suite.ts';
import { until } from '../until.ts';

/**
 * Real consumers scaled under load. In every test as many operations are answered as were sent, each as
 * the rule predicts; answers beyond the first are what at-least-once permits when the group rebalances.
 */

const { cluster, kube } = await suiteCluster();
const name = 'user-approval-service';
const namespaces: string[] = [];

afterAll(async () => {
  for (const namespace of namespaces) await remove(namespace);
});

async function setUp(namespace: string, replicas: number, spec: object) {
  namespaces.push(namespace);
  await createApprovalTopics(cluster.bootstrapServers, 12);
  await installApprovalService(cluster, namespace, { replicas, env: { WORK_MS: '100' } });
  const short = { ...scaling(10), maxReplicas: 12, ...spec };
  await applyObject(cluster, sampleScaler(cluster, `${name}.yaml`, namespace, short));
}

function scaling(scaleDownWindowSeconds: number) {
  return {
    behavior: {
      scaleUp: { policies: [{ type: 'Pods', value: 40, periodSeconds: 1 }] },
      scaleDown: { stabilizationWindowSeconds: scaleDownWindowSeconds },
    },
  };
}

async function remove(namespace: string): Promise<void> {
  await cluster.kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=55s']);
}

/** Every record answered, none lost; the group has nothing left to do. */
async function expectAllAnswered(load: Load): Promise<void> {
  await load.stop();
  const answers = await load.answers(60_000);
  expect(answers.lost).toBe(0);
  expect(answers.approved + answers.rejected).toBe(answers.sent);
  expect(answers.rejected).toBeGreaterThan(0);
  expect(answers.approved).toBeGreaterThan(answers.rejected);
}

/** The sizes that the Deployment is given, from now until `done`. */
async function sizesUntil(
  namespace: string,
  done: (sizes: number[]) => boolean,
): Promise<number[]> {
  const sizes: number[] = [];
  const ended = new AbortController();
  const watching = kube
    .watchReplicas(namespace, name, (replicas) => sizes.push(replicas), ended.signal)
    .catch((error: unknown) => {
      if (!ended.signal.aborted) throw error;
    });
  try {
    await until('the expected sizes', () => done(sizes), { withinMs: 90_000, seen: () => sizes });
    return [...sizes];
  } finally {
    ended.abort();
    await watching;
  }
}

/** Lets the scaler act on the backlog that it has only watched so far. */
async function activateOnBacklog(namespace: string): Promise<void> {
  await until('a backlog that asks for every partition', async () => {
    const { status } = await kube.scaler(namespace, name);
    return status?.desiredReplicas === 12;
  });
  const patch = ['--type=merge', '-p', '{"spec":{"mode":"Active"}}'];
  await cluster.kubectl(['patch', 'kcs', name, '-n', namespace, ...patch]);
}

test('1 → N in one patch while records come in, then back to the minimum; nothing is lost', async () => {
  const namespace = 'e2e-approval-1';
  await setUp(namespace, 1, { mode: 'Recommend' });
  const load = await startLoad(cluster.bootstrapServers, 40);
  const up = sizesUntil(namespace, (sizes) => sizes.includes(12));
  await activateOnBacklog(namespace);
  expect(await up).toEqual([1, 12]);
  await until('all pods ready', async () => {
    const { status } = await kube.deployment(namespace, name);
    return status.readyReplicas === 12;
  });
  await load.stop();
  await sizesUntil(namespace, (sizes) => sizes.at(-1) === 1);
  await expectAllAnswered(load);
  await remove(namespace);
}, 300_000);

test('0 → N in one patch, and to 0 when the group has caught up; nothing is lost', async () => {
  const namespace = 'e2e-approval-0';
  const activation = { lag: 60, cooldownSeconds: 5 };
  await setUp(namespace, 0, { mode: 'Recommend', minReplicas: 0, activation });
  // A group that has consumed before: one that never committed keeps a replica.
  const start = new Map(Array.from({ length: 12 }, (_, partition) => [partition, 0n] as const));
  await commitOffsets(cluster.bootstrapServers, name, approvalTopics.requests, start);
  const load = await startLoad(cluster.bootstrapServers, 100);
  const sizes = sizesUntil(namespace, (seen) => seen.length > 2 && seen.at(-1) === 0);
  await activateOnBacklog(namespace);
  await load.stop();
  expect((await sizes).slice(0, 2)).toEqual([0, 12]);
  await expectAllAnswered(load);
  await remove(namespace);
}, 300_000);
