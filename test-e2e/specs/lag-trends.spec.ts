import { afterAll, beforeAll, expect, test } from 'vitest';
import { commitOffsets, endOffsets, produce } from '../kafka.ts';
import { createScenario, type Scenario } from '../scenario.ts';
import { suiteCluster } from '../suite.ts';
import { until } from '../until.ts';

/** Seconds behind, rates and partitions that stand still: a group that follows its producer at a distance. */

const { cluster, kube } = await suiteCluster();
const servers = cluster.bootstrapServers;
const partitions = 3;
const behindMs = 10_000;
const recordsPerBatch = 60;

let scenario: Scenario;
let traffic: ReturnType<typeof startTraffic> | undefined;

beforeAll(async () => {
  // It only looks: the pods consume nothing, and more of them would help nobody.
  scenario = await createScenario({ cluster, kube }, { partitions, spec: { mode: 'Recommend' } });
});
afterAll(async () => {
  await traffic?.end();
  await scenario?.remove();
});

/** Writes and commits, about once a second, until it is told to end. */
function startTraffic({ topic, group }: Scenario) {
  const ends: { readonly at: number; readonly ends: ReadonlyMap<number, bigint> }[] = [];
  const stuck = new Set<number>();
  const rate = { records: 0, from: Date.now() };
  let running = true;
  const loop = async () => {
    while (running) {
      const at = Date.now();
      await produce(servers, topic, { partitions, records: recordsPerBatch });
      rate.records += recordsPerBatch;
      ends.push({ at, ends: await endOffsets(servers, topic) });
      const seen = ends.findLast((e) => e.at <= Date.now() - behindMs);
      const due = [...(seen?.ends ?? [])].filter(([partition]) => !stuck.has(partition));
      if (due.length > 0) await commitOffsets(servers, group, topic, new Map(due));
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, at + 1_000 - Date.now())));
    }
  };
  const ended = loop();
  ended.catch(() => undefined); // told by `end`
  return {
    /** Records a second since the start. */
    rate: () => (rate.records * 1000) / (Date.now() - rate.from),
    stopCommitting: (partition: number) => void stuck.add(partition),
    async end() {
      running = false;
      await ended;
    },
  };
}

const isAbout = (text: string | undefined, expected: number, part: number): boolean =>
  text !== undefined && Math.abs(Number(text) - expected) <= part * expected;

test('status shows how far behind in seconds, and how fast records come and go', async () => {
  const running = startTraffic(scenario);
  traffic = running;
  let seen: Awaited<ReturnType<Scenario['status']>>;
  await until(
    'seconds and rates are those of the traffic',
    async () => {
      seen = await scenario.status();
      const { lagSeconds, arrivalRate, consumptionRate } = seen ?? {};
      return (
        // One poll, one commit and one batch later than it is meant to be, at most.
        isAbout(lagSeconds, behindMs / 1000 + 1.5, 0.25) &&
        isAbout(arrivalRate, running.rate(), 0.2) &&
        isAbout(consumptionRate, running.rate(), 0.2)
      );
    },
    { withinMs: 120_000, seen: () => [running.rate(), seen] },
  );
  const [header] = (await cluster.kubectl(['get', 'kcs', '-n', scenario.namespace])).split('\n');
  expect(header).toMatch(/LAG +BEHIND +CURRENT/);
});

test('a partition that is no longer committed while others are is named', async () => {
  traffic?.stopCommitting(2);
  let seen: Awaited<ReturnType<Scenario['status']>>;
  const condition = () => seen?.conditions?.find((c) => c.type === 'PartitionStalled');
  await until(
    'the condition PartitionStalled',
    async () => {
      seen = await scenario.status();
      return condition()?.status === 'True';
    },
    { withinMs: 170_000, seen: () => seen },
  );
  expect(condition()?.message).toMatch(/partition 2 at offset \d+/);
  expect(condition()?.message).not.toMatch(/partition [01] at/);
  expect(Number(seen?.lagSeconds)).toBeGreaterThan(behindMs / 1000);
  expect(seen?.commitStatus).toBe('ERR'); // of its partitions one has stopped, in Burrow's words
  const events = await scenario.events();
  expect(events.filter((e) => e.reason === 'PartitionStalled')).toHaveLength(1);
});
