import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyObject, installDemoServices, sampleScaler } from '../install.ts';
import { removeSaga } from '../saga.ts';
import { expectBalance } from '../saga-balance.ts';
import { type Accepted, postSteadily } from '../saga-posts.ts';
import { suiteCluster } from '../suite.ts';
import { until } from '../until.ts';

/**
 * All three services in a cluster, each scaled by a KafkaConsumerScaler of its own, while users come in
 * over HTTP. Whatever is accepted becomes terminal, as the rule predicts, once.
 */

const { cluster, kube } = await suiteCluster();
const namespace = 'e2e-saga';
const approval = 'user-approval-service';
const others = ['operation-service', 'user-service'] as const;
const accepted: Accepted = new Map();
let route: Awaited<ReturnType<typeof cluster.serviceUrl>>;

beforeAll(async () => {
  await removeSaga(cluster);
  await installDemoServices(cluster, namespace, {
    env: { [approval]: { WORK_MS: '100' } },
    topics: { partitions: 12, maxReplicas: 12 },
  });
  for (const name of others)
    await applyObject(cluster, sampleScaler(cluster, `${name}.yaml`, namespace));
  route = await cluster.serviceUrl(namespace, 'operation-service');
});
afterAll(async () => {
  await route?.close();
  await cluster.kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=55s']);
});

async function applyApprovalScaler(spec: object): Promise<void> {
  const behavior = {
    scaleUp: { policies: [{ type: 'Pods', value: 60, periodSeconds: 1 }] },
    scaleDown: { stabilizationWindowSeconds: 10 },
  };
  const short = { maxReplicas: 12, behavior, ...spec };
  await applyObject(cluster, sampleScaler(cluster, `${approval}.yaml`, namespace, short));
}

/** Every size that the approval service is given, the present one first. */
function watchSizes() {
  const sizes: number[] = [];
  const ended = new AbortController();
  const watching = kube
    .watchReplicas(namespace, approval, (replicas) => sizes.push(replicas), ended.signal)
    .then(
      () => new Error('the watch ended before the test did'),
      (error: unknown) => error,
    );
  return {
    sizes,
    until: (what: string, done: () => boolean) =>
      until(what, done, { withinMs: 90_000, seen: () => sizes }),
    async end() {
      const lost = await Promise.race([watching, undefined]);
      ended.abort();
      expect(lost, 'why the watch ended before the test did').toBe(undefined);
    },
  };
}

/** Users come in while `happens` goes on; every POST is accepted. */
async function underLoad(perSecond: number, happens: () => Promise<unknown>): Promise<void> {
  const load = postSteadily(() => route.url, perSecond);
  try {
    await happens();
  } finally {
    const posts = await load.stop();
    for (const [uuid, name] of posts.accepted) accepted.set(uuid, name);
    expect(Object.fromEntries(posts.statuses)).toEqual({ 202: posts.accepted.size });
  }
}

/** Lets the scaler act on the backlog that it has only watched so far. */
async function activateOnBacklog(): Promise<void> {
  let seen: unknown;
  const asksForAll = async () => {
    const { status } = await kube.scaler(namespace, approval);
    seen = { lag: status?.lag, desired: status?.desiredReplicas };
    return status?.desiredReplicas === 12;
  };
  await until('a backlog that asks for every partition', asksForAll, { seen: () => seen });
  const patch = ['--type=merge', '-p', '{"spec":{"mode":"Active"}}'];
  await cluster.kubectl(['patch', 'kcs', approval, '-n', namespace, ...patch]);
}

async function expectNothingLost(): Promise<void> {
  const balance = await expectBalance(cluster, accepted, { withinMs: 90_000 });
  console.log(`scaled: ${JSON.stringify(balance)}`);
  expect(balance.operations).toBe(accepted.size);
  expect(balance.failed).toBeGreaterThan(0);
  expect(balance.completed).toBeGreaterThan(balance.failed);
}

test('a scaler of each service reads the lag of its topics', async () => {
  await applyApprovalScaler({ mode: 'Recommend' });
  for (const name of [...others, approval])
    await until(`the scaler of ${name} knows its lag`, async () => {
      const { status } = await kube.scaler(namespace, name);
      const active = status?.conditions?.find(({ type }) => type === 'ScalingActive');
      return active?.status === 'True';
    });
  await until('operation-service has its minimum of two', async () => {
    const { status } = await kube.deployment(namespace, 'operation-service');
    return status.readyReplicas === 2;
  });
});

test('1 → N in one patch while users come in, then back to the minimum; nothing is lost', async () => {
  const watch = watchSizes();
  await underLoad(40, async () => {
    await activateOnBacklog();
    await watch.until('all of them', () => watch.sizes.includes(12));
    expect(watch.sizes).toEqual([1, 12]);
    await until('all pods ready', async () => {
      const { status } = await kube.deployment(namespace, approval);
      return status.readyReplicas === 12;
    });
  });
  await watch.until('the minimum', () => watch.sizes.at(-1) === 1);
  await watch.end();
  await expectNothingLost();
}, 300_000);

test('to 0 without users, 0 → N in one patch when they come, and to 0 again; nothing is lost', async () => {
  const idle = { minReplicas: 0, activation: { cooldownSeconds: 5 } };
  await applyApprovalScaler({ mode: 'Active', ...idle });
  const watch = watchSizes();
  await watch.until('none', () => watch.sizes.at(-1) === 0);
  await applyApprovalScaler({ mode: 'Recommend', ...idle });
  const before = watch.sizes.length;
  await underLoad(60, activateOnBacklog);
  await watch.until(
    'none again',
    () => watch.sizes.length > before + 1 && watch.sizes.at(-1) === 0,
  );
  await watch.end();
  expect(watch.sizes[before]).toBe(12);
  await expectNothingLost();
}, 300_000);
