import { expect, test } from 'vitest';
import { baselines } from './baselines.ts';
import { type Result, rank, runAll } from './compare.ts';
import { constant } from './controllers/constant.ts';
import { designTrace } from './design-traces.ts';
import { defaultSetup } from './setup.ts';
import { simulate } from './simulate.ts';

const flat = { name: 'flat', startMs: 0, rates: new Float64Array(1800).fill(4000) };
const { metrics } = simulate(flat, defaultSetup, constant('', 8));

function result(name: string, lateFraction: number, replicaHours: number): Result {
  return { name, family: 'KEDA', metrics: { ...metrics, lateFraction, replicaHours } };
}

test('on the frontier is who nobody beats in lateness and cost at once', () => {
  const standings = rank([
    result('cheap', 0.2, 10),
    result('middle', 0.1, 20),
    result('beaten', 0.1, 21),
    result('dear', 0, 30),
    result('as good', 0, 30),
    { ...result('all-seeing', 0, 1), family: 'oracle' },
  ]);
  expect(standings.filter((s) => s.isOnFrontier).map((s) => s.name)).toEqual([
    'cheap',
    'middle',
    'dear',
    'as good',
  ]);
});

test('every baseline has a name of its own, stays within the bounds and repeats itself', () => {
  const context = { trace: flat, setup: defaultSetup, minReplicas: 2, maxReplicas: 12 };
  const all = baselines(context);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  const results = runAll(all, flat, defaultSetup);
  expect(runAll(baselines(context), flat, defaultSetup)).toEqual(results);
  for (const baseline of all) {
    const { log } = simulate(flat, defaultSetup, baseline.make());
    for (const { to } of log.scalings) {
      expect(to).toBeGreaterThanOrEqual(2);
      expect(to).toBeLessThanOrEqual(12);
    }
  }
});

/** Of the design's own table, for the controllers that act rarely enough to be compared on one trace. */
test('KEDA with its defaults costs as much as a replica for each partition', () => {
  const trace = designTrace('step5x');
  if (!trace) throw new Error('no such trace');
  const context = { trace, setup: defaultSetup, minReplicas: 1, maxReplicas: 24 };
  const keda = baselines(context).find(({ name }) => name === 'KEDA, defaults');
  const { metrics: kedas } = simulate(trace, defaultSetup, keda?.make() ?? constant('', 0));
  expect(kedas.lateFraction).toBe(0);
  expect(kedas.replicaHours / kedas.staticReplicaHours).toBeCloseTo(1, 2);
});
