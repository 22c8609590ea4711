import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { operatorNamespace } from '../install.ts';
import type { Stack } from '../local/stack.ts';
import { operatorPod } from '../operator-pod.ts';
import { startOperatorProcess } from '../operator-process.ts';
import { type Scenario, type ScenarioOptions, scenariosIn } from '../scenario.ts';
import { needsStack, suiteCluster, suiteStack } from '../suite.ts';
import { until } from '../until.ts';

/** The operator dies, hangs or loses its API server: what it finds afterwards is what it left. */
const title = needsStack ? `the operator fails: ${needsStack}` : 'the operator fails';

describe.skipIf(needsStack)(title, async () => {
  const context = await suiteCluster();
  const operator = operatorPod(context);
  const newScenario = scenariosIn(context);
  let stack: Stack;
  beforeAll(async () => {
    stack = await suiteStack();
  });
  afterEach(async () => {
    await stack.heal();
    await until('the operator is ready', async () => (await operator.health()).ready, {
      withinMs: 60_000,
    });
  });
  async function served(options: ScenarioOptions = {}): Promise<Scenario> {
    const scenario = await newScenario(options);
    await scenario.expectCondition('ScalingActive', 'True', 'ValidLagFound');
    return scenario;
  }

  test('killed at the moment the replicas change: the size stays, and the story has it at most once', async () => {
    const scenario = await served();
    const leader = await operator.leader();
    const kill = await operator.killer();
    const watch = scenario.watchSizes((replicas) => {
      if (replicas === 10) kill();
    });
    await scenario.produce(95);
    await scenario.expectReplicas(10);
    await operator.nextLeader(leader);
    await until('the new leader tells the size', async () => {
      const status = await scenario.status();
      return status?.currentReplicas === 10 && status.desiredReplicas === 10;
    });
    await scenario.expectHeld(10);
    await watch.end();
    expect(watch.sizes).toEqual([1, 10]);
    expect(await scenario.patches()).toBe(1);
    // Whoever is killed between the patch and the status cannot tell; nobody may tell it twice.
    const told = (await scenario.status())?.history ?? [];
    expect(told.map(({ from, to }) => [from, to])).toEqual([[1, 10]].slice(0, told.length));
    const events = (await scenario.events()).filter((e) => e.reason === 'SuccessfulRescale');
    expect(events.map((e) => e.count ?? 1)).toEqual([1].slice(0, events.length));
  });

  test('killed while a backlog builds: one patch to the size when it is back', async () => {
    const scenario = await served({ partitions: 40 });
    const leader = await operator.leader();
    const kill = await operator.killer();
    const watch = scenario.watchSizes();
    kill();
    await scenario.produce(4000);
    await operator.nextLeader(leader);
    await scenario.expectReplicas(40);
    await scenario.expectHeld(40);
    await watch.end();
    expect(watch.sizes).toEqual([1, 40]);
    expect(await scenario.patches()).toBe(1);
  });

  test('a restart forgets no window: no scale-in before it has passed once more', async () => {
    const windowSeconds = 20;
    const behavior = { scaleDown: { stabilizationWindowSeconds: windowSeconds } };
    const scenario = await served({ replicas: 8, spec: { behavior } });
    await scenario.expectCondition('AbleToScale', 'True', 'ScaleDownStabilized');
    const leader = await operator.leader();
    (await operator.killer())();
    let fellAt = 0;
    const watch = scenario.watchSizes((replicas) => {
      if (replicas < 8) fellAt = Date.now();
    });
    const { since } = await operator.nextLeader(leader);
    await scenario.expectReplicas(1, 60_000);
    await watch.end();
    expect(watch.sizes).toEqual([8, 1]);
    expect(fellAt - since).toBeGreaterThanOrEqual(windowSeconds * 1000);
  });

  test('the API server is killed: afterwards old and new scalers are served', async () => {
    const scenario = await served();
    await stack.apiServer.kill();
    await scenario.produce(95);
    await stack.heal();
    await scenario.expectReplicas(10, 60_000);
    expect(await scenario.patches()).toBe(1);
    await scenario.patchScaler({ spec: { maxReplicas: 7 } });
    await scenario.expectReplicas(7);
    const later = await served();
    await later.produce(40);
    await later.expectReplicas(4);
    expect(await later.patches()).toBe(1);
  });

  test('the API server is away for longer than the lease: one leader goes on', async () => {
    const scenario = await served();
    const { restarts } = await operator.health();
    const log = await operator.newLog();
    await stack.apiServer.kill();
    await scenario.produce(95);
    await until('the leader gives up', async () => (await log()).includes('lost the leader lease'));
    await stack.heal();
    await scenario.expectReplicas(10, 60_000);
    expect(await scenario.patches()).toBe(1);
    await until('the restart is told', async () => (await operator.health()).restarts > restarts);
  });

  test('a standby does nothing until the leader is killed, then it goes on within the lease', async () => {
    const scenario = await served();
    const standby = await startOperatorProcess(context.cluster.kubeconfig, {
      POD_NAMESPACE: operatorNamespace,
      POD_NAME: 'standby',
    });
    try {
      const leads = async () => [
        (await operator.metrics()).sum('lagscaler_leader'),
        (await standby.metrics()).sum('lagscaler_leader'),
      ];
      expect(await leads()).toEqual([1, 0]);
      const leader = await operator.leader();
      (await operator.killer())();
      const killedAt = Date.now();
      await scenario.produce(95);
      await scenario.expectReplicas(10);
      expect(Date.now() - killedAt).toBeLessThan(22_000); // 15 s of lease, 2 s between two looks
      expect((await operator.nextLeader(leader)).identity).toMatch(/^standby_/);
      await until('the pod stands by', async () => {
        return JSON.stringify(await leads()) === '[0,1]';
      });
      expect(await scenario.patches()).toBe(1);

      const standbyLeads = await operator.leader();
      const { exitCode, tookMs } = await standby.terminate();
      expect([exitCode, tookMs < 5000], standby.log()).toEqual([0, true]);
      const { since } = await operator.nextLeader(standbyLeads);
      expect(Date.now() - since).toBeLessThan(10_000); // given back, not left to expire
      await scenario.produce(20);
      await scenario.expectReplicas(12);
    } finally {
      standby.kill();
    }
  });
});
