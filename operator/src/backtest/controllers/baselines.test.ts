import { describe, expect, test } from 'vitest';
import type { Controller } from '../controller.ts';
import { parseFault } from '../fault.ts';
import { defaultSetup, type Setup } from '../setup.ts';
import { simulate } from '../simulate.ts';
import { ratesBetween, type Trace } from '../trace.ts';
import { azureFunctions } from './azure-functions.ts';
import { flink, flinkDefaults } from './flink.ts';
import { flinkAligned } from './flink-rules.ts';
import { behaviorOf, Hpa } from './hpa.ts';
import { type KedaOptions, keda, kedaDefaults, kedaMetric } from './keda.ts';
import { numaflow } from './numaflow.ts';
import { oracle } from './oracle.ts';
import { rateRule } from './rate-rule.ts';

const bounds = { minReplicas: 1, maxReplicas: 24 };
const kedaHere: KedaOptions = { ...kedaDefaults, ...bounds };

/** Rates by second, linear between. */
function traceOf(rates: Readonly<Record<number, number>>): Trace {
  const points = Object.entries(rates).map(([seconds, recordsPerSecond]) => ({
    seconds: Number(seconds),
    recordsPerSecond,
  }));
  return { name: '', startMs: 0, rates: ratesBetween(points) };
}

const steady = (rate: number, seconds: number) => traceOf({ 0: rate, [seconds]: rate });
/** 1000/s until 600 s, then so much more. */
const stepTo = (rate: number, seconds = 3600) =>
  traceOf({ 0: 1000, 600: 1000, 601: rate, [seconds]: rate });

function replicasOf(trace: Trace, controller: Controller, change: Partial<Setup> = {}) {
  const setup = { ...defaultSetup, noise: 0, initialReplicas: 2, ...change };
  const { log } = simulate(trace, setup, controller);
  return log.scalings.map(({ seconds, to }) => [seconds, to]);
}

const lastOf = (scalings: readonly (readonly (number | undefined)[])[]) => scalings.at(-1)?.[1];

describe('HPA', () => {
  test('the peak of the last five minutes holds the replicas up', () => {
    const hpa = new Hpa(bounds, undefined);
    const counts = [4, 8, 2, 2, 2].map((wish, i) => hpa.next(100_000 * i, i === 0 ? 4 : 8, wish));
    expect(counts).toEqual([4, 8, 8, 8, 2]);
  });

  test('a policy lets go only so much in its period', () => {
    const rules = { stabilizationWindowSeconds: 0, policies: [percent(50, 60)] };
    const hpa = new Hpa(bounds, behaviorOf({ scaleDown: rules }));
    expect(hpa.next(0, 16, 1)).toBe(8);
    expect(hpa.next(30_000, 8, 1)).toBe(8);
    expect(hpa.next(61_000, 8, 1)).toBe(4);
  });

  test('selectPolicy Disabled never scales that way', () => {
    const hpa = new Hpa(bounds, behaviorOf({ scaleDown: { selectPolicy: 'Disabled' } }));
    expect([hpa.next(0, 9, 9), hpa.next(900_000, 9, 1), hpa.next(915_000, 9, 12)]).toEqual([
      9, 9, 12,
    ]);
  });
});

function percent(value: number, periodSeconds: number) {
  return { type: 'Percent', value, periodSeconds } as const;
}

describe('KEDA', () => {
  test('its default threshold is below the lag of a group that keeps up: it ends at the maximum', () => {
    expect(replicasOf(steady(2000, 900), keda(kedaHere))).toEqual([
      [0, 4],
      [15, 8],
      [30, 16],
      [45, 24],
    ]);
  });

  test('even distribution rounds up to a divisor of the partitions', () => {
    const even = { ...kedaDefaults, evenDistribution: true };
    expect([21, 30, 51, 70, 500].map((lag) => kedaMetric(lag, 10, even))).toEqual([
      50, 50, 100, 100, 100,
    ]);
  });

  test('the rate trigger holds the size when there is no lag', () => {
    const options = { ...kedaHere, lagThreshold: 1e9, rateTarget: 500 };
    expect(lastOf(replicasOf(steady(3900, 3600), keda(options)))).toBe(8);
  });

  test('to zero after the cooldown at a poll, and back to one at the next poll with lag', () => {
    const trace = traceOf({ 0: 100, 60: 100, 61: 0, 1000: 0, 1001: 100, 1100: 100 });
    const options = { ...kedaHere, minReplicas: 0, maxReplicas: 1 };
    const scalings = replicasOf(trace, keda(options), { initialReplicas: 1 });
    expect(scalings).toEqual([
      [360, 0],
      [1020, 1],
    ]);
  });

  test('it holds while offsets cannot be read', () => {
    const faults = [parseFault('gap@0s+14m')];
    expect(replicasOf(steady(2000, 900), keda(kedaHere), { faults })).toEqual([
      [840, 4],
      [855, 8],
      [870, 16],
      [885, 24],
    ]);
  });
});

test('the rate rule sizes by arrivals alone', () => {
  const rule = () =>
    rateRule({ ...bounds, name: '', rateTarget: 750, windowSeconds: 60, behavior: undefined });
  expect(lastOf(replicasOf(stepTo(5900), rule()))).toBe(8);
  // A backlog that stands does not change it: 8 × 700/s are too slow here.
  const { metrics } = simulate(
    stepTo(5900),
    { ...defaultSetup, noise: 0, capacityPerReplica: 700 },
    rule(),
  );
  expect(metrics.unreadRecords).toBeGreaterThan(100_000);
});

describe('Flink', () => {
  const options = { ...bounds, name: '', capacityPerReplica: 1000, tuning: flinkDefaults };

  test('up once its window is full, then quiet; down an hour later', () => {
    const trace = traceOf({ 0: 3000, 7000: 3000, 7001: 500, 14000: 500 });
    const scalings = replicasOf(trace, flink(options));
    // 3000 / 0.7, as much as stops for the restart, and the backlog of 15 minutes, both in half an hour.
    expect(scalings[0]).toEqual([900, 6]);
    expect(scalings.slice(1).every(([seconds = 0]) => seconds > 7000 + 3600)).toBe(true);
    expect(lastOf(scalings)).toBeLessThan(6);
  });

  test('sizes are aligned with the load of the idlest consumer', () => {
    expect([7, 9, 13].map((n) => flinkAligned(n, 24))).toEqual([8, 12, 24]);
    expect([4, 5, 30].map((n) => flinkAligned(n, 17))).toEqual([5, 6, 17]);
  });
});

test('Numaflow goes in steps of two with a cooldown, and waits for replicas that are not ready', () => {
  const scalings = replicasOf(stepTo(12_000, 1500), numaflow('', bounds));
  const steps = scalings.map(([, to = 0], i) => to - (scalings[i - 1]?.[1] ?? 2));
  expect(steps.every((step) => Math.abs(step) <= 2)).toBe(true);
  const pauses = scalings.map(
    ([at = 0], i) => at - (scalings[i - 1]?.[0] ?? Number.NEGATIVE_INFINITY),
  );
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(90);
  expect(scalings.some(([at = 0, to = 0]) => at > 600 && to > 4)).toBe(true);
});

test('Azure Functions adds one worker at a time, and takes one only 60 s after that', () => {
  const trace = traceOf({ 0: 1000, 300: 1000, 301: 9000, 600: 9000, 601: 0, 1800: 0 });
  const scalings = replicasOf(trace, azureFunctions('', bounds), { initialReplicas: 1 });
  const steps = scalings.map(([, to = 0], i) => to - (scalings[i - 1]?.[1] ?? 1));
  expect(steps.every((step) => Math.abs(step) === 1)).toBe(true);
  expect(lastOf(scalings)).toBe(1);
});

test('the oracle is there before the load is', () => {
  const trace = stepTo(9000);
  const controller = oracle(trace, {
    ...bounds,
    name: '',
    layout: { partitionsPerTopic: [24], assignor: undefined, threadsPerReplica: 1 },
    capacityPerReplica: 1000,
    horizonSeconds: 120,
    utilization: 0.9,
  });
  expect(replicasOf(trace, controller)).toEqual([[495, 12]]);
});
