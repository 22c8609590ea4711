import { expect, test } from 'vitest';
import { constant } from './controllers/constant.ts';
import { defaultSetup } from './setup.ts';
import { simulate } from './simulate.ts';
import { summarize } from './summary.ts';

const trace = { name: '', startMs: 0, rates: new Float64Array(600).fill(1000) };
const { metrics } = simulate(trace, defaultSetup, constant('', 8));

test('shares are means over the runs, counts are those of all days', () => {
  const short = {
    ...metrics,
    lateFraction: 0.3,
    replicaHours: 10,
    actions: 4,
    rebalances: 8,
    days: 1,
  };
  const long = {
    ...metrics,
    lateFraction: 0.1,
    replicaHours: 90,
    actions: 2,
    rebalances: 4,
    days: 2,
  };
  const sizes = { staticReplicaHours: 100, oracleReplicaHours: 20 };
  const summary = summarize([
    { ...short, ...sizes },
    { ...long, ...sizes },
  ]);
  expect(summary).toEqual({
    runs: 2,
    lateFraction: 0.2,
    worstLateFraction: 0.3,
    ofStatic: 0.5,
    timesOracle: 2.5,
    actionsPerDay: 2,
    rebalancesPerDay: 4,
  });
});
