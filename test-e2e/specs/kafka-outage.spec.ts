import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { kafkaTool } from '../local/kafka.ts';
import type { Stack } from '../local/stack.ts';
import { type BrokerId, brokerIds } from '../local/state.ts';
import { operatorPod } from '../operator-pod.ts';
import { type Scenario, scenariosIn } from '../scenario.ts';
import { needsStack, suiteCluster, suiteStack } from '../suite.ts';

/**
 * Brokers that freeze, die and move. There is no scale-down window and a patch is counted by the
 * generation of the Deployment: were an unknown lag read as zero for one poll only, it would be seen.
 */
const title = needsStack ? `Kafka fails: ${needsStack}` : 'Kafka fails';

describe.skipIf(needsStack)(title, async () => {
  const context = await suiteCluster();
  const operator = operatorPod(context);
  const newScenario = scenariosIn(context);
  let stack: Stack;
  beforeAll(async () => {
    stack = await suiteStack();
  });
  afterEach(() => stack.heal());

  /** 30 records of lag at 10 per replica: steady at 3. */
  async function steadyAtThree(): Promise<Scenario> {
    const scenario = await newScenario({ replicas: 3, records: 30 });
    await scenario.expectCondition('ScalingActive', 'True', 'ValidLagFound');
    expect((await scenario.status())?.lag).toBe('30');
    return scenario;
  }

  /** Known again and still untouched; then 30 more records double the size, in the first patch ever. */
  async function expectRecovery(scenario: Scenario): Promise<void> {
    await scenario.expectCondition('ScalingActive', 'True', 'ValidLagFound');
    expect(await scenario.patches()).toBe(0);
    await scenario.produce(30);
    await scenario.expectReplicas(6);
    await scenario.expectHeld(6, 3);
    expect(await scenario.patches()).toBe(1);
  }

  test('the coordinator of the group is frozen: held, and right again when it goes on', async () => {
    const scenario = await steadyAtThree();
    const coordinator = stack.kafka.broker(await coordinatorOf(stack, scenario.group));
    await coordinator.freeze();
    expect(await scenario.expectUnknown()).toMatch(/KafkaUnreachable|LagUnknown|LagIncomplete/);
    await scenario.expectHeld(3, 8);
    await stack.heal();
    await expectRecovery(scenario);
  });

  test('a broker that leads a third of the partitions is frozen: held, and right again', async () => {
    const scenario = await steadyAtThree();
    const coordinator = await coordinatorOf(stack, scenario.group);
    const leader = brokerIds.find((id) => id !== coordinator) ?? 1;
    await stack.kafka.broker(leader).freeze();
    expect(await scenario.expectUnknown()).toMatch(/KafkaUnreachable|LagUnknown|LagIncomplete/);
    await scenario.expectHeld(3, 8);
    await stack.heal();
    await expectRecovery(scenario);
  });

  test('all brokers are killed: held and told, and right again without a restart of the operator', async () => {
    const scenario = await steadyAtThree();
    const before = await operator.health();
    await Promise.all(brokerIds.map((id) => stack.kafka.broker(id).kill()));
    await scenario.expectCondition('Ready', 'False', 'KafkaUnreachable');
    await scenario.expectCondition('ScalingActive', 'Unknown', 'KafkaUnreachable');
    await scenario.expectHeld(3, 15);
    expect(await operator.health()).toEqual({ ...before, ready: true });
    await stack.heal();
    await expectRecovery(scenario);
    await scenario.expectCondition('Ready', 'True', 'Reconciled');
    expect(await operator.health()).toEqual({ ...before, ready: true });
  });

  test('the coordinator of the group dies: held, then read from the next one while it is still down', async () => {
    const scenario = await steadyAtThree();
    const killed = await coordinatorOf(stack, scenario.group);
    await stack.kafka.broker(killed).kill();
    await scenario.expectUnknown();
    expect(await scenario.patches()).toBe(0);
    await expectRecovery(scenario);
    expect(stack.kafka.broker(killed).pid()).toBeUndefined();
  });
});

/** As Kafka's own tool tells: `GROUP COORDINATOR (ID) …` above `orders 127.0.0.1:9092 (1) …`. */
async function coordinatorOf(stack: Stack, group: string): Promise<BrokerId> {
  const tool = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';
  const args = ['--describe', '--state', '--group', group];
  const id = Number(/\((\d+)\)/.exec(await kafkaTool(stack.state, tool, args))?.[1]);
  const found = brokerIds.find((known) => known === id);
  if (found === undefined) throw new Error(`group ${group} has no coordinator`);
  return found;
}
