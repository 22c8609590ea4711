import { expect, test } from 'vitest';
import { basePolicy } from '../../autoscaler/fixtures.ts';
import type { ScalingPolicy } from '../../autoscaler/types.ts';
import { parseFault } from '../fault.ts';
import { defaultSetup, type Setup } from '../setup.ts';
import { simulate } from '../simulate.ts';
import { ratesBetween } from '../trace.ts';
import { lagscaler } from './lagscaler.ts';

const policy: ScalingPolicy = { ...basePolicy, maxReplicas: 24, lagPerReplica: 5000n };

/** 1000/s for 10 minutes, then 9000/s for 20, then 1000/s again until the first hour is over. */
const points = [
  [0, 1000],
  [600, 1000],
  [601, 9000],
  [1800, 9000],
  [1801, 1000],
  [3600, 1000],
].map(([seconds = 0, recordsPerSecond = 0]) => ({ seconds, recordsPerSecond }));

function run(change: Partial<Setup> = {}, decided: ScalingPolicy = policy) {
  const trace = { name: '', startMs: 0, rates: ratesBetween(points) };
  const setup = { ...defaultSetup, noise: 0, initialReplicas: 2, ...change };
  return simulate(trace, setup, lagscaler({ policy: decided, intervalSeconds: 5, startMs: 0 }));
}

test('scales as the operator would, and says why in its words', () => {
  const { log } = run();
  const [first] = log.scalings.filter(({ seconds }) => seconds > 600);
  expect(first).toMatchObject({
    from: 1,
    reason: expect.stringMatching(/^LagAboveTarget: lag \d+/),
  });
  expect(first?.seconds).toBeLessThan(620);
  expect(log.scalings.at(-1)?.to).toBe(1);
});

test('while offsets cannot be read it holds', () => {
  const { log } = run({ faults: [parseFault('gap@9m+41m')] });
  expect(log.scalings.filter(({ seconds }) => seconds > 540 && seconds < 3000)).toEqual([]);
});

test('with a partition it cannot read it never scales in', () => {
  const { log } = run({ faults: [parseFault('partial@20m+40m')] });
  const during = log.scalings.filter(({ seconds }) => seconds >= 1200);
  expect(during.filter(({ from, to }) => to < from)).toEqual([]);
});

test('a restart loses the windows, which start full: no fall before they have filled again', () => {
  const restart = run({ faults: [parseFault('restart@31m+1s')] }).log.scalings;
  const falls = restart.filter(({ seconds, from, to }) => seconds >= 1860 && to < from);
  expect(falls[0]?.seconds).toBeGreaterThanOrEqual(1860 + 300);
});

test('the group it sees has as many members as pods have joined', () => {
  const { log } = run({}, { ...policy, maxReplicas: 100, lagPerReplica: 1n });
  expect(log.scalings.every(({ to }) => to <= 24)).toBe(true);
  expect(log.scalings.some(({ reason }) => reason.includes('24 partitions'))).toBe(true);
});
