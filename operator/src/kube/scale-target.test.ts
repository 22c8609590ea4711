import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import type { TargetRef } from '../controller/ports.ts';
import { createDiscovery } from './discovery.ts';
import { createHpas } from './hpas.ts';
import { createScaleTarget } from './scale-target.ts';
import { createTargets } from './targets.ts';
import {
  answer,
  clientFor,
  createFakeClock,
  eventually,
  forever,
  refuse,
  type SeenRequest,
  startServer,
} from './testing.ts';

const orders: TargetRef = {
  namespace: 'shop',
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name: 'orders',
};
const rollout: TargetRef = { ...orders, apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' };

const workload = (version: number, replicas: number, status: object = {}, name = 'orders') => ({
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: String(version) },
  spec: replicas === 0 ? {} : { replicas },
  status,
});

const scale = (version: number, replicas: number) => ({
  kind: 'Scale',
  metadata: { name: 'orders', namespace: 'shop', resourceVersion: String(version) },
  spec: replicas === 0 ? {} : { replicas }, // traps C5
  status: { replicas: 1 },
});

const hpa = (name: string, scaleTargetRef: object) => ({
  metadata: { name, namespace: 'shop', uid: name, resourceVersion: '3' },
  spec: { scaleTargetRef },
});

interface World {
  deployments?: unknown[];
  statefulsets?: unknown[];
  horizontalpodautoscalers?: unknown[];
  /** What answers everything but lists and watches. */
  other?: (request: SeenRequest, response: ServerResponse) => void;
}

async function setup(world: World) {
  const streams = new Map<string, ServerResponse>();
  const asked: SeenRequest[] = [];
  const server = await startServer((request, response) => {
    const plural = request.path.split('/').at(-1) as keyof World;
    if (request.query.has('watch')) {
      streams.set(plural, response);
      return response.flushHeaders();
    }
    if (request.query.has('limit')) {
      return answer(response, { metadata: { resourceVersion: '100' }, items: world[plural] ?? [] });
    }
    asked.push(request);
    return world.other?.(request, response);
  });
  const clock = createFakeClock();
  const common = { client: clientFor(server), clock, namespaces: [] };
  const changed: TargetRef[] = [];
  const targets = createTargets({ ...common, onChange: (ref) => changed.push(ref) });
  const hpas = createHpas(common);
  const discovery = createDiscovery(common);
  const target = createScaleTarget({ ...common, targets, hpas, discovery });
  onTestFinished(async () => {
    await Promise.all([targets.close(), hpas.close()]);
  });
  expect(targets.hasSynced()).toBe(false);
  expect(targets.listAgeMs()).toBeUndefined();
  targets.start();
  hpas.start();
  await eventually(() => targets.hasSynced() && hpas.hasSynced() && streams.size === 3);
  const watch = (plural: string, type: string, object: unknown) =>
    streams.get(plural)?.write(`${JSON.stringify({ type, object })}\n`);
  const read = (ref = orders, fresh = false) => target.read(ref, { fresh }, forever);
  return { target, read, asked, watch, changed, clock };
}

test.for([
  ['a fresh Deployment scaled to zero', 'Deployment', {}, { statusReplicas: 0, rollingOut: false }],
  [
    'pods that are not ready',
    'Deployment',
    { replicas: 3, updatedReplicas: 3, readyReplicas: 1 },
    { statusReplicas: 3, readyReplicas: 1, rollingOut: false },
  ],
  [
    'a Deployment that replaces its pods',
    'Deployment',
    { replicas: 4, updatedReplicas: 1, readyReplicas: 3 },
    { rollingOut: true },
  ],
  [
    'a StatefulSet that replaces its pods',
    'StatefulSet',
    { replicas: 3, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'b' },
    { rollingOut: true },
  ],
  [
    'a StatefulSet of one revision that starts pods',
    'StatefulSet',
    { replicas: 3, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'a' },
    { rollingOut: false },
  ],
  [
    'a scale write the controller has not seen yet',
    'Deployment',
    { replicas: 1, updatedReplicas: 1, observedGeneration: 1 },
    { rollingOut: false },
  ],
] as const)('%s is read without a request', async ([, kind, status, expected]) => {
  const plural = kind === 'Deployment' ? 'deployments' : 'statefulsets';
  const { read, asked } = await setup({ [plural]: [workload(7, 0, status)] });
  expect(await read({ ...orders, kind })).toMatchObject({
    ...expected,
    specReplicas: 0,
    resourceVersion: '7',
  });
  expect(asked).toHaveLength(0);
});

test('a target that does not exist says what to do, without a request', async () => {
  const { read, asked } = await setup({});
  await expect(read()).rejects.toMatchObject({
    name: 'TargetError',
    code: 'NotFound',
    message: expect.stringContaining('spec.scaleTargetRef'),
  });
  expect(asked).toHaveLength(0);
});

test('from 0 to 3: one merge-patch with the version that was read; the next read shows it (traps C3, C5)', async () => {
  const { target, read, asked, watch } = await setup({
    deployments: [workload(7, 0)],
    other: (_, response) => answer(response, scale(120, 3)),
  });
  await target.setReplicas(orders, await read(), 3, forever);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({
    method: 'PATCH',
    path: '/apis/apps/v1/namespaces/shop/deployments/orders/scale',
    body: { metadata: { resourceVersion: '7' }, spec: { replicas: 3 } },
  });
  expect(asked[0]?.headers['content-type']).toBe('application/merge-patch+json');
  expect(await read()).toMatchObject({ specReplicas: 3, resourceVersion: '120' });
  watch('deployments', 'MODIFIED', workload(110, 0)); // from before our write
  watch('deployments', 'MODIFIED', workload(130, 3, { replicas: 3, updatedReplicas: 3 }));
  await eventually(async () => expect((await read()).statusReplicas).toBe(3));
  expect(await read()).toMatchObject({ specReplicas: 3, resourceVersion: '130' });
});

test('an older event alone does not undo the write that is shown', async () => {
  const { target, read, watch, changed } = await setup({
    deployments: [workload(7, 0)],
    other: (_, response) => answer(response, scale(120, 3)),
  });
  await target.setReplicas(orders, await read(), 3, forever);
  watch('deployments', 'MODIFIED', workload(110, 0));
  watch('deployments', 'ADDED', workload(111, 0, {}, 'marker'));
  await eventually(() => expect(changed.at(-1)?.name).toBe('marker'));
  expect((await read()).specReplicas).toBe(3);
});

test('to zero: the answer has no replicas at all (traps C5)', async () => {
  const { target, read } = await setup({
    deployments: [workload(7, 2)],
    other: (_, response) => answer(response, scale(120, 0)),
  });
  await target.setReplicas(orders, await read(), 0, forever);
  expect((await read()).specReplicas).toBe(0);
});

test.for([
  [409, 'Conflict'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [422, 'Unavailable'],
  [500, 'Unavailable'],
] as const)('a patch answered with %i is %s', async ([status, code]) => {
  const { target, read } = await setup({
    deployments: [workload(7, 0)],
    other: (_, response) => refuse(response, status, 'Reason'),
  });
  const seen = await read();
  await expect(target.setReplicas(orders, seen, 3, forever)).rejects.toMatchObject({
    name: 'TargetError',
    code,
    cause: { name: 'KubeError' },
  });
  expect(await read()).toEqual(seen);
});

test('after a conflict a fresh read gives the version for the next attempt (traps C4)', async () => {
  const { read, asked } = await setup({
    deployments: [workload(7, 0)],
    other: (_, response) => answer(response, workload(120, 2)),
  });
  expect(await read(orders, true)).toMatchObject({ specReplicas: 2, resourceVersion: '120' });
  expect(asked).toMatchObject([
    { method: 'GET', path: '/apis/apps/v1/namespaces/shop/deployments/orders' },
  ]);
  expect(await read()).toMatchObject({ specReplicas: 2, resourceVersion: '120' });
});

test('targets that come and go are told, changes are not', async () => {
  const { changed, watch } = await setup({ deployments: [workload(7, 0)] });
  watch('deployments', 'MODIFIED', workload(101, 5));
  watch('deployments', 'DELETED', workload(102, 5));
  watch('statefulsets', 'ADDED', workload(103, 1, {}, 'db'));
  await eventually(() => expect(changed).toHaveLength(3));
  expect(changed).toEqual(
    expect.arrayContaining([orders, orders, { ...orders, kind: 'StatefulSet', name: 'db' }]),
  );
});

const argo = {
  resources: [
    { name: 'rollouts', kind: 'Rollout', namespaced: true },
    { name: 'rollouts/status', kind: 'Rollout', namespaced: true },
    { name: 'rollouts/scale', kind: 'Scale', namespaced: true },
    { name: 'experiments', kind: 'Experiment', namespaced: true },
    { name: 'clusters', kind: 'Cluster', namespaced: false },
    { name: 'clusters/scale', kind: 'Scale', namespaced: false },
  ],
};

const withArgo = (request: SeenRequest, response: ServerResponse) =>
  request.path === '/apis/argoproj.io/v1alpha1'
    ? answer(response, argo)
    : answer(response, scale(request.method === 'GET' ? 50 : 51, 2));

test('any kind with a scale subresource is read and written through it; its plural is asked once', async () => {
  const { target, read, asked } = await setup({ other: withArgo });
  expect(await read(rollout)).toEqual({
    resourceVersion: '50',
    specReplicas: 2,
    statusReplicas: 1,
    readyReplicas: undefined,
    rollingOut: false,
  });
  await target.setReplicas(rollout, await read(rollout), 4, forever);
  const path = '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/orders/scale';
  expect(asked.map((r) => `${r.method} ${r.path}`)).toEqual([
    'GET /apis/argoproj.io/v1alpha1',
    `GET ${path}`,
    `GET ${path}`,
    `PATCH ${path}`,
  ]);
});

test.for([
  ['a kind without a scale subresource', 'Experiment', 'NotScalable', 'scale subresource'],
  ['a kind outside of namespaces', 'Cluster', 'NotScalable', 'namespace'],
  ['a kind the cluster does not have', 'Typo', 'NotFound', 'CustomResourceDefinition'],
] as const)('%s', async ([, kind, code, text]) => {
  const { read } = await setup({ other: withArgo });
  const reading = read({ ...rollout, kind });
  await expect(reading).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
});

test('a kind that is installed later is found after 30 s, not asked for at each poll', async () => {
  let installed = false;
  const { read, asked, clock } = await setup({
    other: (request, response) =>
      installed ? withArgo(request, response) : refuse(response, 404, 'NotFound'),
  });
  await expect(read(rollout)).rejects.toMatchObject({ code: 'NotFound' });
  installed = true;
  await expect(read(rollout)).rejects.toMatchObject({ code: 'NotFound' });
  expect(asked).toHaveLength(1);
  clock.advance(30_000);
  expect((await read(rollout)).specReplicas).toBe(2);
});

test('an HPA on the same target is known by group, kind and name, and forgotten with it', async () => {
  const ref = { apiVersion: 'apps/v1beta1', kind: 'Deployment', name: 'orders' };
  const { target, watch } = await setup({
    horizontalpodautoscalers: [hpa('b', ref), hpa('a', ref)],
  });
  expect(target.autoscalerOf(orders)).toBe('shop/a');
  expect(target.autoscalerOf({ ...orders, kind: 'StatefulSet' })).toBeUndefined();
  expect(target.autoscalerOf({ ...orders, namespace: 'other' })).toBeUndefined();
  watch('horizontalpodautoscalers', 'DELETED', hpa('a', ref));
  watch('horizontalpodautoscalers', 'MODIFIED', {
    ...hpa('b', { ...ref, name: 'elsewhere' }),
    metadata: { ...hpa('b', ref).metadata, resourceVersion: '104' },
  });
  await eventually(() => expect(target.autoscalerOf(orders)).toBeUndefined());
  expect(target.autoscalerOf({ ...orders, name: 'elsewhere' })).toBe('shop/b');
});
