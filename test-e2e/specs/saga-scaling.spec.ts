import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookAround } from '../demo/summary.ts';
import { applyObject, installDemoServices, sampleScaler } from '../install.ts';
import { removeSaga } from '../saga.ts';
import { expectBalance } from '../saga-balance.ts';
import { createUserByCurl, shell } from '../saga-curl.ts';
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
/** Slow enough that records wait for these two as well. */
const slow = { FAULT_AT: 'message-begun:delay=500', NODE_ENV: 'test' };
const accepted: Accepted = new Map();
let route: Awaited<ReturnType<typeof cluster.serviceUrl>>;

beforeAll(async () => {
  await removeSaga(cluster);
  await installDemoServices(cluster, namespace, {
    env: { [approval]: { WORK_MS: '100' }, 'operation-service': slow, 'user-service': slow },
    topics: { partitions: 12, maxReplicas: 12 },
  });
  for (const name of others)
    await applyObject(
      cluster,
      sampleScaler(cluster, `${name}.yaml`, namespace, {
        maxReplicas: 4,
        sizing: { lagPerReplica: { value: 5 } },
        behavior: { scaleDown: { stabilizationWindowSeconds: 10 } },
        pollingIntervalSeconds: 1,
      }),
    );
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
  const file = `${approval}-lag-per-replica.yaml`;
  await applyObject(cluster, sampleScaler(cluster, file, namespace, short));
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

/** A scaler gave its service more replicas than it had, and than it has at least, for its lag. */
async function scaledUpByLag(name: string): Promise<boolean> {
  const { spec, status } = await kube.scaler(namespace, name);
  return (status?.history ?? []).some(
    ({ from, to, lag = '0' }) => from >= spec.minReplicas && to > from && Number(lag) > 0,
  );
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

const linesOf = (text: string) => text.split('\n').map((line) => line.trim());

test('the curl lines of docs/demo.md, as they stand', async () => {
  const file = join(import.meta.dirname, '../../docs/demo.md');
  const lines = linesOf(readFileSync(file, 'utf8')).filter((line) => line.startsWith('curl '));
  expect(lines).toHaveLength(4);
  const { hostname, port } = new URL(route.url);
  const address = { OPERATION_HOST: hostname, OPERATION_PORT: port };
  accepted.set(await createUserByCurl(lines.slice(0, 2), address), 'hans');

  // There is no ingress here: its address and port are those of the node.
  const name = 'operation-service.scalable-microservice';
  const ingress = lines
    .slice(2)
    .map((line) =>
      line
        .replace(`${name}:80:ISTIO_INGRESS_IP`, `${name}:${port}:${hostname}`)
        .replace(`http://${name}/`, `http://${name}:${port}/`),
    );
  for (const line of ingress) expect(line).toContain(`--resolve '${name}:${port}:127.0.0.1'`);
  accepted.set(await createUserByCurl(ingress), 'hans');
});

test('the curl lines that the demo prints, as they stand', async () => {
  const uuid = [...accepted.keys()].at(-1) ?? '';
  const printed = linesOf(lookAround({ cluster, namespace, url: route.url }, uuid));
  const address = printed.find((line) => line.startsWith('export '));
  const [post, get, list, ...more] = printed
    .filter((line) => line.startsWith('curl '))
    .map((line) => `${address}\n${line}`);
  expect(more).toEqual([]);
  expect(await shell(get ?? '')).toMatchObject({ uuid, state: 'completed' });
  accepted.set(await createUserByCurl([post ?? '', get ?? '']), 'hans');
  expect(await shell(list ?? '')).toMatchObject({ items: { length: accepted.size } });
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
    for (const name of others)
      await until(`${name} is scaled up too`, () => scaledUpByLag(name), { withinMs: 60_000 });
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
