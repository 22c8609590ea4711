import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { createNamespace, operatorNamespace } from '../install.ts';
import type { MetricsText } from '../metrics-text.ts';
import { operatorPod } from '../operator-pod.ts';
import { startOperatorProcess } from '../operator-process.ts';
import { scenariosIn } from '../scenario.ts';
import { suiteCluster } from '../suite.ts';
import { until } from '../until.ts';

/** What the operator says of itself, how little it asks at rest, and how it ends. */

const context = await suiteCluster();
const operator = operatorPod(context);
const newScenario = scenariosIn(context);
const quietNamespace = `${operatorNamespace}-quiet`;
afterAll(async () => {
  await context.cluster.kubectl([
    ...['delete', 'namespace', quietNamespace, '--ignore-not-found', '--wait=false'],
  ]);
});

test('a scaler has its series in /metrics, and none after it is deleted', async () => {
  const scenario = await newScenario();
  await scenario.produce(95);
  await scenario.expectReplicas(10);
  const labels = { namespace: scenario.namespace, name: 'consumer' };
  const numbers = async () => {
    const metrics = await operator.metrics();
    const value = (name: string) => metrics.sum(`lagscaler_${name}`, labels);
    return [value('consumer_lag_records'), value('current_replicas'), value('desired_replicas')];
  };
  await until('the series of the new size', async () => {
    return JSON.stringify(await numbers()) === '[95,10,10]';
  });
  const metrics = await operator.metrics();
  expect(metrics.sum('lagscaler_decisions_total', { ...labels, action: 'scale' })).toBe(1);

  await context.cluster.kubectl(['delete', 'kcs', 'consumer', '-n', scenario.namespace]);
  await until('no series is left', async () => {
    return !(await operator.metrics()).text.includes(scenario.namespace);
  });
});

test('at rest, watches and the lease are all that the API server is asked for', async () => {
  await until('no other scaler', async () => {
    const list = await context.cluster.kubectl(['get', 'kcs', '-A', '-o', 'name']);
    return list.trim() === '';
  });
  const scenario = await newScenario();
  await scenario.expectCondition('Ready', 'True', 'Reconciled');
  // Rates need a second reading, and are told 30 s after the last status: not at rest before.
  await until(
    'its pod is ready and its rates are told',
    async () => {
      const { readyReplicas, arrivalRate, consumptionRate } = (await scenario.status()) ?? {};
      return readyReplicas === 1 && arrivalRate !== undefined && consumptionRate !== undefined;
    },
    { withinMs: 60_000 },
  );
  const before = await operator.metrics();
  const pollsBefore = polls(before);
  const after = await until(
    '60 polls',
    async () => {
      const now = await operator.metrics();
      return polls(now) >= pollsBefore + 60 && now;
    },
    { withinMs: 75_000, everyMs: 1000 },
  );
  expect(requestsBeside(after)).toEqual(requestsBeside(before));
});

const polls = (metrics: MetricsText) =>
  metrics.sum('lagscaler_reconcile_duration_seconds_count') ?? 0;

/** Requests to the API server that were neither watches nor for the lease. */
function requestsBeside({ series }: MetricsText): readonly (readonly [string, number])[] {
  const requests = [...series].filter(([id]) => id.startsWith('lagscaler_kube_requests_total{'));
  expect(requests).not.toEqual([]);
  return requests.filter(([id]) => !id.includes('verb="watch"') && !id.includes('"leases"'));
}

test('SIGTERM ends an idle operator with 0 within 5 s', async () => {
  await createNamespace(context.cluster, quietNamespace);
  const alone = await startOperatorProcess(context.cluster.kubeconfig, {
    LEADER_ELECTION: 'false',
    WATCH_NAMESPACES: quietNamespace,
  });
  const { exitCode, tookMs } = await alone.terminate();
  expect(exitCode, alone.log()).toBe(0);
  expect(tookMs).toBeLessThan(5000);
});

test('SIGTERM ends an operator that waits for Kafka with 0 within 5 s', async () => {
  const silent = createServer().listen(0, '127.0.0.1'); // accepts and never answers
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const kafka = { bootstrapServers: [`127.0.0.1:${port}`] };
  const scenario = await newScenario({ spec: { paused: true, kafka } });
  const alone = await startOperatorProcess(context.cluster.kubeconfig, {
    LEADER_ELECTION: 'false',
    WATCH_NAMESPACES: scenario.namespace,
  });
  try {
    // The first reading is under way: it takes the 3 s of its deadline.
    const { exitCode, tookMs } = await alone.terminate();
    expect(exitCode, alone.log()).toBe(0);
    expect(tookMs).toBeLessThan(5000);
  } finally {
    alone.kill();
    silent.close();
  }
});
