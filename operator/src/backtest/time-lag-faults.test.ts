import { expect, test } from 'vitest';
import { directPolicy } from '../autoscaler/fixtures.ts';
import { objective } from '../autoscaler/sizing/fixtures.ts';
import { lagscaler } from './controllers/lagscaler.ts';
import { parseFault } from './fault.ts';
import { defaultSetup } from './setup.ts';
import { type Outcome, simulate } from './simulate.ts';

/** What the strategy timeLag makes of a fault, beside the same load without it. */

const hour = 3600;
/** Up and down between 3000/s and 9000/s in four hours, all day. */
const trace = {
  name: 'waves',
  startMs: 1_000_000_000_000,
  rates: Float64Array.from(
    { length: 24 * hour },
    (_, t) => 6000 - 3000 * Math.cos((2 * Math.PI * t) / (4 * hour)),
  ),
};

function run(...faults: readonly string[]): Outcome {
  const { startMs } = trace;
  const policy = {
    ...directPolicy,
    maxReplicas: 100,
    sizing: { kind: 'timeLag', ...objective },
  } as const;
  const controller = lagscaler({ policy, intervalSeconds: 15, protocol: 'cooperative', startMs });
  return simulate(trace, { ...defaultSetup, faults: faults.map(parseFault) }, controller);
}

const usual = run();

test('without a fault nothing is late', () => {
  expect(usual.metrics.lateFraction).toBe(0);
});

test.for([
  ['a poison pill of three hours', 'poison@2h+3h'],
  ['a database that takes half of it for two hours', 'cap@3h+2h'],
])('%s costs no more than a tenth of the replicas', ([, fault = '']) => {
  expect(run(fault).metrics.replicaHours).toBeLessThan(1.1 * usual.metrics.replicaHours);
});

test.for(['gap@2h+20m', 'gap@3h30m+20m', 'gap@5h50m+20m'])(
  '%s: nothing goes down in twenty minutes without readings, and nothing is late',
  (fault) => {
    const [{ from, to }] = [parseFault(fault)];
    const { log, metrics } = run(fault);
    expect(log.scalings.filter(({ seconds }) => seconds >= from && seconds < to)).toEqual([]);
    expect(metrics.lateFraction).toBe(0);
  },
);
