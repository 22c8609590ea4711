import { afterAll, expect, test } from 'vitest';
import { deleteTopics, growTopic } from '../kafka.ts';
import { createScenario, type Scenario, type ScenarioOptions } from '../scenario.ts';
import { suiteCluster } from '../suite.ts';
import { until } from '../until.ts';

/** Lag made to measure on real Kafka, decided by the operator in its pod, seen on a real API server. */

const context = await suiteCluster();
const made: Scenario[] = [];
const scenarioOf = async (options: ScenarioOptions = {}) => {
  const scenario = await createScenario(context, options);
  made.push(scenario);
  return scenario;
};
afterAll(async () => {
  await Promise.all(made.map((scenario) => scenario.remove()));
});

test('from 1 to the size that the lag asks for: one patch, with its reason in status and event', async () => {
  const scenario = await scenarioOf();
  await scenario.expectCondition('Ready', 'True', 'Reconciled');
  await scenario.produce(95);
  await scenario.expectReplicas(10);
  expect(await scenario.patches()).toBe(1);
  // The status follows the patch.
  const status = await until('the new size in the status', async () => {
    const seen = await scenario.status();
    return seen?.desiredReplicas === 10 && seen;
  });
  expect(status).toMatchObject({ currentReplicas: 10, lag: '95', partitions: 12 });
  expect(status.history?.at(-1)).toMatchObject({ from: 1, to: 10, lag: '95' });
  const events = await scenario.events();
  const rescale = events.filter((event) => event.reason === 'SuccessfulRescale');
  expect(rescale).toHaveLength(1);
  expect(rescale[0]?.message).toMatch(/from 1 to 10.*95/);
});

test('kubectl get and describe tell the story without logs', async () => {
  const [scenario] = made;
  if (!scenario) throw new Error('the first test made no scenario');
  const table = await context.cluster.kubectl(['get', 'kcs', '-n', scenario.namespace]);
  for (const word of ['TARGET', 'LAG', 'CURRENT', 'DESIRED', 'READY', 'REASON', '95', '10', 'True'])
    expect(table).toContain(word);
  const story = await context.cluster.kubectl(['describe', 'kcs', '-n', scenario.namespace]);
  expect(story).toMatch(/SuccessfulRescale.*from 1 to 10/);
});

test('never more replicas than partitions, and it says so', async () => {
  const scenario = await scenarioOf({ partitions: 6 });
  await scenario.produce(600);
  await scenario.expectReplicas(6);
  await scenario.expectCondition('ScalingLimited', 'True', 'PartitionLimited');
  expect(await scenario.patches()).toBe(1);
});

test('new partitions are used within a minute', async () => {
  const scenario = made.at(-1);
  if (!scenario) throw new Error('the test before made no scenario');
  await growTopic(context.cluster.bootstrapServers, scenario.topic, 9);
  await scenario.expectReplicas(9, 60_000);
}, 120_000);

test('from 0 in one jump to the size, and back to 0 after the cooldown', async () => {
  const scenario = await scenarioOf({
    replicas: 0,
    spec: { minReplicas: 0, activation: { lag: 5, cooldownSeconds: 4 } },
  });
  await scenario.expectCondition('ScalingActive', 'False', 'NotActive');
  await scenario.produce(5); // not above activation.lag
  await scenario.expectHeld(0);
  await scenario.produce(80);
  await scenario.expectReplicas(9);
  expect(await scenario.patches()).toBe(1);
  await scenario.commitEverything();
  await scenario.expectReplicas(0);
  expect(await scenario.patches()).toBe(2);
});

test('a group that never committed keeps one replica, so that it can start', async () => {
  const scenario = await scenarioOf({
    committed: false,
    replicas: 0,
    spec: { minReplicas: 0, activation: { lag: 0, cooldownSeconds: 1 } },
  });
  await scenario.expectReplicas(1);
  await scenario.expectCondition('ScalingActive', 'False', 'KeepAlive');
});

test('scale-in waits for the window, then happens in one patch', async () => {
  const scenario = await scenarioOf({
    replicas: 8,
    spec: { behavior: { scaleDown: { stabilizationWindowSeconds: 8 } } },
  });
  await scenario.expectCondition('AbleToScale', 'True', 'ScaleDownStabilized');
  await scenario.expectHeld(8, 3);
  await scenario.expectReplicas(1);
  expect(await scenario.patches()).toBe(1);
});

test('Recommend shows what it would do and never writes; Active then does it', async () => {
  const scenario = await scenarioOf({ spec: { mode: 'Recommend' } });
  await scenario.produce(95);
  await scenario.expectCondition('AbleToScale', 'False', 'Recommending');
  await scenario.expectHeld(1);
  expect(await scenario.status()).toMatchObject({ desiredReplicas: 10 });
  await scenario.patchScaler({ spec: { mode: 'Active' } });
  await scenario.expectReplicas(10);
});

test('paused reads and reports; resumed it acts at once', async () => {
  const scenario = await scenarioOf({ spec: { paused: true } });
  await scenario.produce(95);
  await scenario.expectCondition('AbleToScale', 'False', 'Paused');
  await scenario.expectHeld(1);
  await scenario.patchScaler({ spec: { paused: false } });
  await scenario.expectReplicas(10);
});

test('an override holds its count until its time, then the lag decides again', async () => {
  const scenario = await scenarioOf({ replicas: 2 });
  const override = {
    replicas: 5,
    until: new Date(Date.now() + 10_000).toISOString(),
    reason: 'migration',
  };
  await scenario.patchScaler({ spec: { override } });
  await scenario.expectReplicas(5);
  await scenario.expectCondition('AbleToScale', 'False', 'Overridden');
  await scenario.expectReplicas(1);
});

test('topics that the group has committed are found without naming them', async () => {
  const scenario = await scenarioOf();
  await scenario.patchScaler({ spec: { consumer: { topics: null } } });
  await scenario.produce(40);
  await scenario.expectReplicas(4);
  expect(await scenario.status()).toMatchObject({ topics: [scenario.topic], partitions: 12 });
});

test('a deleted topic is a condition and holds', async () => {
  const scenario = await scenarioOf({ replicas: 3 });
  await deleteTopics(context.cluster.bootstrapServers, [scenario.topic]);
  await scenario.expectCondition('ScalingActive', 'Unknown', 'TopicNotFound');
  await scenario.expectHeld((await scenario.deployment()).spec.replicas);
});
