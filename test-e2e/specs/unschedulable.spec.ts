import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { applyObject, rolledOut } from '../install.ts';
import { operatorPod } from '../operator-pod.ts';
import { createScenario, type Scenario, type ScenarioOptions, sleeper } from '../scenario.ts';
import { suiteCluster } from '../suite.ts';
import { until } from '../until.ts';

/**
 * A node that is full, for the real scheduler: the pods of a scenario ask for a resource of their own, of
 * which the node has as much as the test says.
 */

const repository = resolve(import.meta.dirname, '../..');
const context = await suiteCluster();
const { cluster, kube } = context;
const operator = operatorPod(context);
const slotsOf = (namespace: string) => `${namespace}.example.com/slots`;
const made: Scenario[] = [];

interface PodView {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly priority: number; readonly preemptionPolicy: string };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly reason?: string }[];
  };
}

afterAll(async () => {
  for (const scenario of made) {
    await scenario.remove();
    await setSlots(scenario, null);
  }
  await cluster.kubectl(['delete', 'priorityclass', 'placeholder', '--ignore-not-found']);
});

/** How many slots the first node has; null takes the resource away. */
async function setSlots({ namespace }: Scenario, count: number | null): Promise<void> {
  const nodes = await kube.get<{ items: readonly PodView[] }>('/api/v1/nodes');
  const [node] = nodes?.items ?? [];
  if (!node) throw new Error('the cluster has no node');
  const value = { [slotsOf(namespace)]: count === null ? null : String(count) };
  const patch = JSON.stringify({ status: { capacity: value, allocatable: value } });
  const options = ['--subresource=status', '--type=merge', '-p', patch];
  await cluster.kubectl(['patch', 'node', node.metadata.name, ...options]);
}

/** A scenario whose pods take one slot each. */
async function scenarioWithSlots(count: number, options: ScenarioOptions): Promise<Scenario> {
  const scenario = await createScenario(context, { ...options, spec: { paused: true } });
  made.push(scenario);
  await setSlots(scenario, count);
  await applyObject(cluster, takingOne(sleeper(cluster, scenario.namespace, 1)));
  await rolledOut(cluster, scenario.namespace, 'deployment/consumer');
  return scenario;
}

/** The Deployment with pods that need a slot. */
function takingOne(deployment: ReturnType<typeof sleeper>) {
  const { metadata, spec } = deployment;
  const pod = spec.template.spec;
  const limits = { [slotsOf(metadata.namespace)]: '1' };
  const containers = pod.containers.map((container) => ({ ...container, resources: { limits } }));
  // On a full node a new pod cannot come before the old one goes.
  const strategy = { type: 'Recreate' };
  const template = { ...spec.template, spec: { ...pod, containers } };
  return { ...deployment, spec: { ...spec, strategy, template } };
}

async function podsOf(namespace: string, app: string): Promise<readonly PodView[]> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`;
  return (await kube.get<{ items: readonly PodView[] }>(path))?.items ?? [];
}

const unschedulableMetric = async ({ namespace }: Scenario) =>
  (await operator.metrics()).sum('lagscaler_unschedulable_pods', { namespace, name: 'consumer' });

test('pods that no node has room for are told and hold scale-up, until there is room', async () => {
  const scenario = await scenarioWithSlots(3, { partitions: 20 });
  await scenario.patchScaler({ spec: { paused: false } });
  await scenario.produce(95);
  await scenario.expectReplicas(10);
  await scenario.expectCondition('Unschedulable', 'True', 'Unschedulable');
  const message = 'desired 10, ready 3, 7 Pending: Unschedulable';
  const status = await until('the numbers in the status', async () => {
    const seen = await scenario.status();
    return seen?.unschedulablePods === 7 && seen.readyReplicas === 3 && seen;
  });
  expect(status.conditions?.find((c) => c.type === 'Unschedulable')?.message).toBe(message);
  expect(await unschedulableMetric(scenario)).toBe(7);

  await scenario.produce(80);
  await scenario.expectCondition('ScalingLimited', 'True', 'Unschedulable');
  await scenario.expectHeld(10, 8);
  expect((await scenario.status())?.decision?.message).toContain(message);
  const told = (await scenario.events()).filter((event) => event.reason === 'Unschedulable');
  expect(told.map(({ type, count = 1 }) => [type, count])).toEqual([['Warning', 1]]);

  await setSlots(scenario, 20);
  await scenario.expectReplicas(18);
  await until('the condition is gone', async () => {
    const { conditions = [], unschedulablePods } = (await scenario.status()) ?? {};
    const found = conditions.some((c) => c.type === 'Unschedulable');
    return !found && unschedulablePods === undefined;
  });
  await until('the metric is back at 0', async () => (await unschedulableMetric(scenario)) === 0);
});

test('fewer replicas stay possible while pods find no node', async () => {
  const scenario = await scenarioWithSlots(3, { partitions: 20 });
  await scenario.patchScaler({ spec: { paused: false } });
  await scenario.produce(95);
  await scenario.expectReplicas(10);
  await scenario.expectCondition('Unschedulable', 'True', 'Unschedulable');
  await scenario.commitEverything();
  await scenario.expectReplicas(1);
});

test('without permission to list pods it says so and scales on', async () => {
  const scenario = await scenarioWithSlots(2, { partitions: 20 });
  const log = await operator.newLog();
  const toldUnknown = async () =>
    (await log())
      .split('\n')
      .filter((line) => line.includes(scenario.namespace))
      .filter((line) => line.includes('unschedulable pods cannot be counted'));
  const role = ['clusterrole', 'lagscaler'] as const;
  const rules = await cluster.kubectl(['get', ...role, '-o', 'jsonpath={.rules}']);
  const all: readonly { readonly resources: readonly string[] }[] = JSON.parse(rules);
  const setRules = (kept: readonly object[]) =>
    cluster.kubectl(['patch', ...role, '--type=merge', '-p', JSON.stringify({ rules: kept })]);
  await setRules(all.filter(({ resources }) => !resources.includes('pods')));
  try {
    await scenario.patchScaler({ spec: { paused: false } });
    await scenario.produce(40);
    await scenario.expectReplicas(4);
    await until('the log says it', async () => (await toldUnknown()).length > 0);
    await scenario.produce(40);
    await scenario.expectReplicas(8);
    expect(await toldUnknown()).toHaveLength(1);
  } finally {
    await setRules(all);
  }
});

test('on a full node a placeholder gives its place to a normal pod, at once', async () => {
  const scenario = await scenarioWithSlots(2, { partitions: 1 });
  const { namespace } = scenario;
  const built = await cluster.kubectl(['kustomize', join(repository, 'deploy/placeholder')]);
  for (const document of parseAllDocuments(built)) {
    const object = document.toJS();
    const off = object.kind !== 'Deployment' || object.spec.replicas === 0;
    expect(off, 'the placeholders are off by default').toBe(true);
    if (object.kind !== 'Deployment') await applyObject(cluster, object);
    else await applyObject(cluster, placeholderOf(object, namespace));
  }
  await rolledOut(cluster, namespace, 'deployment/placeholder');
  const [before] = await podsOf(namespace, 'placeholder');
  expect(before?.spec).toMatchObject({ priority: -10, preemptionPolicy: 'Never' });

  await cluster.kubectl(['scale', '-n', namespace, 'deployment/consumer', '--replicas=2']);
  await rolledOut(cluster, namespace, 'deployment/consumer');
  const normal = await podsOf(namespace, 'consumer');
  expect(normal.map(({ spec }) => [spec.priority, spec.preemptionPolicy])).toEqual([
    [0, 'PreemptLowerPriority'],
    [0, 'PreemptLowerPriority'],
  ]);
  // The new placeholder is what makes a cluster autoscaler add a node.
  await until('the placeholder waits for a node', async () => {
    const [after, other] = await podsOf(namespace, 'placeholder');
    const reasons = after?.status.conditions?.map((c) => c.reason) ?? [];
    const isNew = after?.metadata.name !== before?.metadata.name;
    return (
      isNew && !other && after?.status.phase === 'Pending' && reasons.includes('Unschedulable')
    );
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a manifest as it was parsed
function placeholderOf(manifest: any, namespace: string): object {
  const changed = structuredClone(manifest);
  changed.metadata.namespace = namespace;
  changed.spec.replicas = 1;
  const { spec, metadata } = changed.spec.template;
  metadata.annotations = { 'lagscaler.dev/light': 'true' };
  spec.containers[0].image = cluster.image('lagscaler/sleep');
  spec.containers[0].resources = { limits: { [slotsOf(namespace)]: '1' } };
  return changed;
}
