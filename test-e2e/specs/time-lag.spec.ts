import { afterAll, beforeAll, expect, test } from 'vitest';
import { cliCommand } from '../cli-command.ts';
import { operatorPod } from '../operator-pod.ts';
import { needsStack, suiteCluster } from '../suite.ts';
import {
  approval,
  createTimedConsumers,
  type TimedConsumers,
  watchSizes,
} from '../timed-consumers.ts';
import { until } from '../until.ts';

/**
 * sizing.timeLag on real consumers, each of which reads 5 records a second at most, and says so to nobody.
 * The tests are one story: each goes on where the one before has ended.
 */

const { cluster, kube } = await suiteCluster();
const namespace = 'e2e-time-lag';
const partitions = 12;
const load = 20;
/** What 20 records/s keep busy, and the next useful size above it that leaves some headroom. */
const needed = { least: 4, most: 6 };
/** Learning takes minutes; everything else is as quick as it may be. */
const tuning = { settleSeconds: 5, downWindowSeconds: 20, minDownIntervalSeconds: 20 };
const spec = {
  minReplicas: 1,
  maxReplicas: partitions,
  sizing: { timeLag: { objectiveSeconds: 30, drainSeconds: 60, tuning } },
};

let consumers: TimedConsumers;
let sizes: ReturnType<typeof watchSizes>;

beforeAll(async () => {
  consumers = await createTimedConsumers(cluster, namespace, {
    partitions,
    workMs: 200,
    replicas: 1,
    spec,
  });
  sizes = watchSizes(kube, namespace);
});
afterAll(async () => {
  await consumers?.load.end();
  await sizes?.end();
  await consumers?.remove();
});

const statusOf = async () => (await kube.scaler(namespace, approval)).status ?? {};
type Status = Awaited<ReturnType<typeof statusOf>>;

async function untilStatus(
  what: string,
  isIt: (status: Status) => boolean,
  withinMs = 120_000,
): Promise<Status> {
  let seen: Status = {};
  const check = async () => {
    seen = await statusOf();
    return isIt(seen) && seen;
  };
  const shown = () => [sizes.actions, seen.learned, seen.decision];
  return until(what, check, { withinMs, everyMs: 500, seen: shown });
}

/** What the load alone asks for is what is there, and nothing old waits. */
function isSettled({ decision, currentReplicas, readyReplicas, lagSeconds }: Status): boolean {
  const wish = decision?.steps?.[0]?.to;
  const isRight = wish === currentReplicas && readyReplicas === currentReplicas;
  return isRight && Number(lagSeconds) < 15;
}

const isNeeded = ({ currentReplicas = 0 }: Status) =>
  currentReplicas >= needed.least && currentReplicas <= needed.most;

/** How often the sizes turned round, from a change on. */
function turns(from = 0): number {
  const signs = sizes.actions.slice(from).map((action) => Math.sign(action.to - action.from));
  return signs.filter((sign, i) => i > 0 && sign !== signs[i - 1]).length;
}

test('a steady load: what one replica can read is learned, and the size settles without a saw-tooth', async () => {
  consumers.load.set(load);
  await consumers.applyScaler();
  const learned = await untilStatus(
    'the capacity of one replica',
    ({ learned }) => learned?.capacityPerReplica !== undefined,
    300_000,
  );
  // 200 ms of work, and a little for everything else.
  expect(Number(learned.learned?.capacityPerReplica)).toBeGreaterThan(4);
  expect(Number(learned.learned?.capacityPerReplica)).toBeLessThan(5.2);
  await untilStatus('the size of the load', (s) => isSettled(s) && isNeeded(s), 300_000);
  expect(turns()).toBeLessThanOrEqual(1);
  const changes = sizes.actions.length;
  const { lastScaleTime = '' } = await statusOf();
  await untilStatus('a quiet minute', ({ lastActiveTime = '' }) => {
    return Date.parse(lastActiveTime) - Date.parse(lastScaleTime) > 60_000;
  });
  expect(sizes.actions.length).toBe(changes);
}, 900_000);

test.skipIf(needsStack)('what was learned outlives the operator', async () => {
  const operator = operatorPod({ cluster, kube });
  const before = await statusOf();
  const { restarts } = await operator.health();
  const kill = await operator.killer();
  kill();
  await until(
    'the operator is back',
    async () => {
      const health = await operator.health();
      return health.restarts > restarts && health.ready;
    },
    { withinMs: 60_000 },
  );
  await untilStatus('it warms up', ({ decision }) => decision?.reason === 'WarmingUp');
  const after = await untilStatus('it decides again', ({ decision, capacityPerReplica }) => {
    return decision?.reason === 'WithinObjective' && capacityPerReplica !== undefined;
  });
  expect(after.learned).toMatchObject({
    capacityPerReplica: before.learned?.capacityPerReplica,
    capacityTime: before.learned?.capacityTime,
  });
  expect(after.currentReplicas).toBe(before.currentReplicas);
});

test('a burst is met by the size that drains it, in few writes, and given back in few', async () => {
  const first = sizes.actions.length;
  await consumers.load.burst(600);
  await until('a larger size', () => sizes.actions.length > first, { withinMs: 60_000 });
  const [step] = sizes.actions.slice(first);
  expect(step?.to).toBeGreaterThan(step?.from ?? 0);
  // The status follows the patch.
  const up = await untilStatus('the change', (s) => s.history?.at(-1)?.to === step?.to);
  // It is computed from what was learned, also by an operator that was not there then.
  const told = up.history?.at(-1);
  expect(['LoadAboveCapacity', 'TimeLagAboveTarget']).toContain(told?.reason);
  expect(told?.message).toMatch(/\d replicas of [\d.]+\/s each: \d+ → \d+$/);
  await untilStatus('the size of the load again', (s) => isSettled(s) && isNeeded(s), 420_000);
  expect(turns(first)).toBeLessThanOrEqual(1);
  expect(sizes.actions.length - first).toBeLessThanOrEqual(4);
}, 600_000);

test('status, describe and lagscaler explain tell each step with its numbers', async () => {
  const { decision, conditions = [] } = await statusOf();
  for (const { step, reason, message } of decision?.steps ?? [])
    expect([step, reason, message]).not.toContain('');
  for (const type of ['Ready', 'AbleToScale', 'ScalingActive'])
    expect(conditions.find((c) => c.type === type)).toMatchObject({ status: 'True' });
  const described = await cluster.kubectl(['describe', 'kcs', approval, '-n', namespace]);
  expect(described).toContain('Capacity Per Replica');
  expect(described).toMatch(/SuccessfulRescale.*New size from \d+ to \d+/);

  const args = ['explain', approval, '-n', namespace, '--kubeconfig', cluster.kubeconfig];
  const story = await cliCommand(args);
  expect([story.exitCode, story.stderr]).toEqual([0, '']);
  expect(story.stdout).toMatch(/one replica reads {2}[\d.]+\/s: seen \d+ times/);
  expect(story.stdout).toMatch(/1 {2}Recommend +\d+.*\/s arrive/);
  expect(story.stdout).toMatch(/Last changes\n.*→/);
  const { steps, input } = JSON.parse((await cliCommand([...args, '-o', 'json'])).stdout);
  expect(steps[0]).toMatchObject({ step: 'Recommend' });
  expect(input).toHaveProperty('oldest record');
});

test('without records to none in one write, and back in one jump to what the backlog needs', async () => {
  const first = sizes.actions.length;
  consumers.load.set(0);
  await consumers.applyScaler({ minReplicas: 0, activation: { cooldownSeconds: 10 } });
  await until('no replicas', () => sizes.actions.at(-1)?.to === 0, { withinMs: 180_000 });
  expect(sizes.actions.slice(first).length).toBeLessThanOrEqual(2);
  expect(sizes.actions.at(-1)?.from).toBeGreaterThan(1);
  await until('no pods', async () => {
    const { status } = await kube.deployment(namespace, approval);
    return (status.replicas ?? 0) === 0;
  });
  const asleep = sizes.actions.length;
  await consumers.load.burst(600);
  await until('more than one replica', () => sizes.actions.length > asleep, { withinMs: 30_000 });
  expect(sizes.actions[asleep]).toMatchObject({ from: 0 });
  expect(sizes.actions[asleep]?.to).toBeGreaterThan(2);
  await untilStatus('the backlog is gone', ({ lag }) => lag === '0', 180_000);
  await until('none again', () => sizes.actions.at(-1)?.to === 0, { withinMs: 180_000 });
}, 600_000);
