import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { applyObject, established, operatorNamespace } from '../install.ts';
import { type Scenario, scenariosIn, sleeper } from '../scenario.ts';
import { suiteCluster } from '../suite.ts';
import { until } from '../until.ts';

/** Targets that are shared, gone, forbidden or of another kind. */

const context = await suiteCluster();
const { cluster, kube } = context;
const newScenario = scenariosIn(context);
const kubectlIn = ({ namespace }: Scenario, ...args: string[]) =>
  cluster.kubectl([...args, '-n', namespace]);

test('of two scalers on a target the younger writes nothing until the older is gone', async () => {
  const scenario = await newScenario();
  await scenario.expectCondition('Ready', 'True', 'Reconciled');
  // Ages are told in seconds: in the same one, the names would decide who is older.
  const second = Math.floor(Date.now() / 1000);
  await until('the next second', () => Math.floor(Date.now() / 1000) > second);
  await scenario.applyScaler('younger', { sizing: { lagPerReplica: { value: 2 } } });
  await scenario.expectCondition('AbleToScale', 'False', 'ConflictingAutoscaler', 'younger');
  await scenario.expectCondition('Ready', 'False', 'ConflictingAutoscaler', 'younger');
  await scenario.produce(20);
  await scenario.expectReplicas(2); // the younger would have made 10 of it
  await scenario.expectHeld(2);
  expect(await scenario.patches()).toBe(1);
  const { decision } = (await scenario.status('younger')) ?? {};
  expect(decision?.message).toContain(`KafkaConsumerScaler ${scenario.namespace}/consumer`);

  await kubectlIn(scenario, 'delete', 'kcs', 'consumer');
  await scenario.expectReplicas(10);
  await scenario.expectCondition('Ready', 'True', 'Reconciled', 'younger');
  expect(await scenario.patches()).toBe(2);
});

test('an HPA on the target is a conflict until it is gone', async () => {
  const scenario = await newScenario({ replicas: 4, records: 40 });
  await scenario.expectCondition('ScalingActive', 'True', 'ValidLagFound');
  await applyObject(cluster, {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'cpu', namespace: scenario.namespace },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'consumer' },
      minReplicas: 1,
      maxReplicas: 50,
    },
  });
  await scenario.expectCondition('AbleToScale', 'False', 'ConflictingAutoscaler');
  await scenario.produce(60);
  await scenario.expectHeld(4);
  await kubectlIn(scenario, 'delete', 'hpa', 'cpu');
  await scenario.expectReplicas(10);
  await scenario.expectCondition('Ready', 'True', 'Reconciled');
  expect(await scenario.patches()).toBe(1);
});

test('a deleted target is a condition; made again it is scaled again', async () => {
  const scenario = await newScenario();
  await scenario.expectCondition('Ready', 'True', 'Reconciled');
  await kubectlIn(scenario, 'delete', 'deployment', 'consumer');
  await scenario.expectCondition('AbleToScale', 'False', 'TargetNotFound');
  await scenario.expectCondition('Ready', 'False', 'TargetNotFound');
  await scenario.produce(40);
  await applyObject(cluster, sleeper(cluster, scenario.namespace, 1));
  await scenario.expectReplicas(4);
  await scenario.expectCondition('Ready', 'True', 'Reconciled');
  expect(await scenario.patches()).toBe(1);
});

test('a write that RBAC denies is told once, and done as soon as it is allowed', async () => {
  const scenario = await newScenario();
  await scenario.expectCondition('Ready', 'True', 'Reconciled');
  interface ClusterRole {
    readonly rules: readonly { readonly resources: readonly string[] }[];
  }
  const printed = await cluster.kubectl(['get', 'clusterrole', 'lagscaler', '-o', 'json']);
  const { rules }: ClusterRole = JSON.parse(printed);
  const setRules = (wanted: ClusterRole['rules']) => {
    const patch = JSON.stringify({ rules: wanted });
    return cluster.kubectl(['patch', 'clusterrole', 'lagscaler', '--type=merge', '-p', patch]);
  };
  const failures = async () =>
    (await scenario.events()).filter((event) => event.reason === 'FailedRescale');
  try {
    await setRules(rules.filter((rule) => !rule.resources.includes('deployments/scale')));
    await scenario.produce(95);
    await scenario.expectCondition('AbleToScale', 'False', 'FailedUpdateScale');
    await scenario.expectCondition('Ready', 'False', 'FailedUpdateScale');
    await scenario.produce(5); // another lag, the same failure
    await until('the event is counted', async () => ((await failures())[0]?.count ?? 0) > 1);
    const [event, ...others] = await failures();
    expect(others).toEqual([]);
    expect(event?.type).toBe('Warning');
    expect(event?.message).toMatch(/may not patch the scale of Deployment/);
    expect(await scenario.patches()).toBe(0);
  } finally {
    await setRules(rules);
  }
  await scenario.expectReplicas(10);
  await scenario.expectCondition('AbleToScale', 'True', 'ReadyForNewScale');
  expect(await scenario.patches()).toBe(1);
});

interface Scaled {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly replicas: number };
}

/** Another target than the scenario's Deployment, seen by its path. */
async function expectScaled(path: string, replicas: number): Promise<void> {
  let seen: Scaled | undefined;
  await until(
    `${replicas} replicas at ${path}`,
    async () => {
      seen = await kube.get<Scaled>(path);
      return seen?.spec.replicas === replicas;
    },
    { seen: () => seen },
  );
  expect(seen?.metadata.generation).toBe(2);
}

test('a StatefulSet is scaled in one patch', async () => {
  const scenario = await newScenario({ spec: { paused: true } });
  await applyObject(cluster, sleeper(cluster, scenario.namespace, 1, 'StatefulSet'));
  const spec = { paused: false, scaleTargetRef: { kind: 'StatefulSet' } };
  await scenario.patchScaler({ spec });
  await scenario.produce(60);
  await expectScaled(`/apis/apps/v1/namespaces/${scenario.namespace}/statefulsets/consumer`, 6);
  await scenario.expectCondition('Ready', 'True', 'Reconciled');
  expect(await scenario.patches()).toBe(0);
});

test('any kind with a scale subresource is scaled, once RBAC allows it', async () => {
  const scenario = await newScenario({ spec: { paused: true } });
  const group = `${scenario.namespace}.example.com`;
  const name = `workers.${group}`;
  await applyObject(cluster, workerDefinition(group));
  try {
    await established(cluster, name);
    const worker = {
      apiVersion: `${group}/v1`,
      kind: 'Worker',
      metadata: { name: 'consumer', namespace: scenario.namespace },
      spec: { replicas: 1 },
    };
    await until('the kind is served', async () => {
      await applyObject(cluster, worker);
      return true;
    });
    const { apiVersion, kind } = worker;
    await scenario.patchScaler({ spec: { paused: false, scaleTargetRef: { apiVersion, kind } } });
    await scenario.expectCondition('AbleToScale', 'False', 'FailedGetScale');
    await cluster.kubectl(['apply', '-f', '-'], workerRole(name, group));
    await scenario.produce(60);
    await expectScaled(`/apis/${apiVersion}/namespaces/${scenario.namespace}/workers/consumer`, 6);
    await scenario.expectCondition('Ready', 'True', 'Reconciled');
    expect(await scenario.patches()).toBe(0);
  } finally {
    const what = [`crd/${name}`, `clusterrole/${name}`, `clusterrolebinding/${name}`];
    await cluster.kubectl(['delete', '--ignore-not-found', '--wait=false', ...what]);
  }
});

test.for([
  ['a kind without a scale subresource', 'v1', 'ConfigMap', 'TargetNotScalable'],
  ['a kind that the cluster does not know', 'example.com/v1', 'Worker', 'TargetNotFound'],
] as const)('%s is a condition', async ([_, apiVersion, kind, reason]) => {
  const scenario = await newScenario();
  await scenario.patchScaler({ spec: { scaleTargetRef: { apiVersion, kind } } });
  await scenario.expectCondition('AbleToScale', 'False', reason);
  await scenario.expectCondition('Ready', 'False', reason);
  await scenario.patchScaler({
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment' } },
  });
  await scenario.expectCondition('Ready', 'True', 'Reconciled');
});

function workerDefinition(group: string): object {
  const integers = { type: 'object', properties: { replicas: { type: 'integer' } } };
  const schema = { type: 'object', properties: { spec: integers, status: integers } };
  const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `workers.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'workers', singular: 'worker', kind: 'Worker' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          subresources: { status: {}, scale },
        },
      ],
    },
  };
}

/** What docs tell people to add for a kind of their own: get and patch on its scale. */
function workerRole(name: string, group: string): string {
  const apiGroup = 'rbac.authorization.k8s.io';
  const apiVersion = `${apiGroup}/v1`;
  const rule = { apiGroups: [group], resources: ['workers/scale'], verbs: ['get', 'patch'] };
  const subject = { kind: 'ServiceAccount', name: 'lagscaler', namespace: operatorNamespace };
  return [
    { apiVersion, kind: 'ClusterRole', metadata: { name }, rules: [rule] },
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup, kind: 'ClusterRole', name },
      subjects: [subject],
    },
  ]
    .map((object) => stringify(object))
    .join('---\n');
}
