import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Controller, View } from './controller.ts';
import { constant } from './controllers/constant.ts';
import { parseFault } from './fault.ts';
import { defaultSetup, type Setup } from './setup.ts';
import { simulate } from './simulate.ts';
import type { Trace } from './trace.ts';

const steady = (rate: number, seconds: number): Trace => ({
  name: 'steady',
  startMs: 0,
  rates: new Float64Array(seconds).fill(rate),
});
/** No chance in it: arrivals are as good as exact at this rate, speeds are exact. */
const plain: Setup = { ...defaultSetup, noise: 0, partitions: 4, initialReplicas: 2 };
const stay = constant('stay', 2);

/** Follows a plan of replicas by second, and keeps what it saw. */
function script(plan: Readonly<Record<number, number>>, intervalSeconds = 5) {
  const views: View[] = [];
  const controller: Controller = {
    name: 'script',
    intervalSeconds,
    decide(view) {
      const { offsets } = view;
      const kept = offsets && {
        ...offsets,
        committed: offsets.committed.slice(),
        end: offsets.end.slice(),
        readable: offsets.readable.slice(),
      };
      views.push({ ...view, offsets: kept });
      return { replicas: plan[view.seconds] ?? view.replicas, reason: 'as planned' };
    },
    restart: () => undefined,
  };
  return { controller, views };
}

const sum = (values: Iterable<number> | undefined) =>
  [...(values ?? [])].reduce((total, value) => total + value, 0);

test('nothing is lost: what arrived was consumed or waits, with every kind of fault', () => {
  const faults = fc.array(
    fc
      .tuple(
        fc.constantFrom('poison:1', 'cap:900', 'slow:0.3', 'hot:3', 'gap', 'partial:2'),
        fc.integer({ min: 0, max: 500 }),
        fc.integer({ min: 1, max: 300 }),
      )
      .map(([kind, from, length]) => parseFault(`${kind}@${from}s+${length}s`)),
    { maxLength: 3 },
  );
  const plans = fc.dictionary(
    fc.integer({ min: 0, max: 120 }).map((n) => String(5 * n)),
    fc.integer({ min: 0, max: 9 }),
  );
  fc.assert(
    fc.property(faults, plans, fc.integer(), (chosen, plan, seed) => {
      const { controller, views } = script(plan);
      const setup = { ...plain, seed, noise: 0.3, skew: 0.5, faults: chosen };
      const { metrics } = simulate(steady(3000, 600), setup, controller);
      const idle = simulate(steady(3000, 600), setup, constant('idle', 0));
      const arrived = idle.metrics.consumedRecords + idle.metrics.unreadRecords;
      expect(metrics.consumedRecords + metrics.unreadRecords).toBe(arrived);
      for (const { offsets } of views)
        for (const [p, end] of (offsets?.end ?? []).entries())
          expect(offsets?.committed[p]).toBeLessThanOrEqual(end);
    }),
    { numRuns: 30 },
  );
});

test('the same arguments give the same outcome; another seed another one', () => {
  const run = (seed: number) =>
    simulate(
      steady(1900, 3600),
      { ...plain, noise: 0.1, seed },
      script({ 60: 3, 900: 2 }).controller,
    ).metrics;
  expect(run(1)).toEqual(run(1));
  expect(run(2)).not.toEqual(run(1));
});

test('the arrivals of a seed do not depend on what the controller does', () => {
  const ends = [{}, { 60: 5, 120: 1 }].map((plan) => {
    const { controller, views } = script(plan);
    simulate(steady(1900, 300), plain, controller);
    return views.map((view) => [...(view.offsets?.end ?? [])]);
  });
  expect(ends[0]).toEqual(ends[1]);
});

test('a group that keeps up has no age, and costs its replicas', () => {
  const { metrics } = simulate(steady(1000, 7200), plain, stay);
  expect(metrics).toMatchObject({
    lateFraction: 0,
    maxAgeSeconds: 0,
    p99AgeSeconds: 0,
    replicaHours: 4,
    staticReplicaHours: 8,
    oracleReplicaHours: 2,
    actions: 0,
    rebalances: 0,
    days: 7200 / 86_400,
  });
});

test('at half the speed the ages grow by half a second each second', () => {
  // 4000/s arrive, 2 replicas do 2000/s: a record of second t is read at 2t, at the age of t.
  const { metrics } = simulate(steady(4000, 600), plain, stay);
  expect(metrics.maxAgeSeconds).toBeGreaterThanOrEqual(299);
  expect(metrics.maxAgeSeconds).toBeLessThanOrEqual(302);
  expect(metrics.p99AgeSeconds / 297).toBeCloseTo(1, 1);
  // Those that arrived after second 60 are late: of 300 seconds' worth of records, 240.
  expect(metrics.lateFraction).toBeCloseTo(0.8, 2);
  expect(metrics.unreadRecords / 1_200_000).toBeCloseTo(1, 2);
  // The oldest waits for longer than 60 s from second 120 on.
  expect(metrics.lateTimeFraction).toBeCloseTo(0.8, 1);
});

test('an eager rebalance is an age of its length, and then it is over', () => {
  const setup: Setup = { ...plain, rebalance: { protocol: 'eager', pauseSeconds: 12 } };
  const { metrics } = simulate(steady(1000, 600), setup, script({ 60: 3 }).controller);
  expect(metrics).toMatchObject({ rebalances: 1, maxAgeSeconds: 12, pausedPartitionSeconds: 48 });
  expect(metrics.replicaHours).toBeCloseTo((600 * 2 + 540) / 3600, 2);
});

test('small rates are neither rounded away nor rounded up', () => {
  const { metrics } = simulate(steady(2, 36_000), plain, stay);
  expect(metrics.consumedRecords / 72_000).toBeCloseTo(1, 1);
});

test('a slow consumer reads its one record in ten seconds', () => {
  const setup: Setup = { ...plain, capacityPerReplica: 0.1, initialReplicas: 1, partitions: 1 };
  const { metrics } = simulate(steady(1, 1000), setup, constant('one', 1));
  expect(metrics.consumedRecords).toBe(100);
});

test('commits trail by less than the interval, and partitions commit at different moments', () => {
  const { controller, views } = script({}, 1);
  simulate(steady(400, 60), { ...plain, commitSeconds: 5 }, controller);
  const lags = views.slice(10).map(({ offsets }) => sum(offsets?.end) - sum(offsets?.committed));
  expect(Math.min(...lags)).toBeGreaterThan(0);
  expect(Math.max(...lags)).toBeLessThan(400 * 5);
  const moments = new Set(
    views.slice(10).flatMap(({ seconds, offsets }, i) => {
      const before = views[i + 9]?.offsets?.committed;
      return [...(offsets?.committed ?? [])].flatMap((offset, p) =>
        offset === before?.[p] ? [] : [`${p}:${seconds % 5}`],
      );
    }),
  );
  expect(moments.size).toBe(4); // each partition always at the same moment
});

test('with skew the first partitions get more', () => {
  const { controller, views } = script({});
  simulate(steady(4000, 600), { ...plain, skew: 1 }, controller);
  const ends = [...(views.at(-1)?.offsets?.end ?? [])];
  expect((ends[0] ?? 0) / (ends[3] ?? 1)).toBeCloseTo(4, 1);
});

describe('faults', () => {
  const withFault = (text: string) => ({ ...plain, faults: [parseFault(text)] });

  test('poison stops one partition, and it catches up after that', () => {
    const { controller, views } = script({});
    simulate(steady(400, 900), withFault('poison:2@5m+5m'), controller);
    const committed = (second: number) =>
      views.find(({ seconds }) => seconds === second)?.offsets?.committed;
    expect(committed(595)?.[2]).toBe(committed(305)?.[2]);
    expect((committed(595)?.[1] ?? 0) - (committed(305)?.[1] ?? 0)).toBeGreaterThan(20_000);
    const last = views.at(-1)?.offsets;
    expect((last?.end[2] ?? 0) - (last?.committed[2] ?? 0)).toBeLessThan(600);
  });

  test('cap limits the group to the rate, to the record', () => {
    const { metrics } = simulate(steady(1800, 600), withFault('cap:500@0s+10m'), stay);
    expect(metrics.consumedRecords).toBe(500 * 600);
  });

  test('slow halves the speed', () => {
    const { metrics } = simulate(steady(4000, 600), withFault('slow@0s+10m'), stay);
    expect(metrics.consumedRecords).toBe(2 * 500 * 600);
  });

  test('hot gives the first partition more records', () => {
    const { controller, views } = script({});
    simulate(steady(400, 600), withFault('hot:3@0s+10m'), controller);
    const ends = views.at(-1)?.offsets?.end;
    expect((ends?.[0] ?? 0) / (ends?.[1] ?? 1)).toBeCloseTo(3, 1);
  });

  test('gap and partial hide offsets for as long as they last', () => {
    const seen = (text: string) => {
      const { controller, views } = script({});
      simulate(steady(400, 60), withFault(text), controller);
      return views.map(({ offsets }) => sum(offsets?.readable));
    };
    expect(seen('gap@20s+15s')).toEqual([4, 4, 4, 4, 0, 0, 0, 4, 4, 4, 4, 4]);
    expect(seen('partial:3@20s+15s')).toEqual([4, 4, 4, 4, 1, 1, 1, 4, 4, 4, 4, 4]);
  });

  test('restart: no tick while it lasts, and the memory is gone', () => {
    const { controller, views } = script({});
    let restarts = 0;
    const restarting = { ...controller, restart: () => restarts++ };
    simulate(steady(400, 60), withFault('restart@18s+15s'), restarting);
    expect(views.map(({ seconds }) => seconds)).toEqual([0, 5, 10, 15, 35, 40, 45, 50, 55]);
    expect(restarts).toBe(1);
  });

  test('recreate: offsets begin anew, under another topic id', () => {
    const { controller, views } = script({});
    const { metrics } = simulate(steady(4000, 60), withFault('recreate@31s+1s'), controller);
    const last = views.at(-1)?.offsets;
    expect(last?.recreations).toBe(1);
    expect(sum(last?.end) / (25 * 4000)).toBeCloseTo(1, 1);
    expect(metrics.lostRecords).toBeGreaterThan(0);
  });

  test('nojoin: pods exist, but the group does not get them', () => {
    const { controller, views } = script({ 30: 4 });
    simulate(steady(400, 600), withFault('nojoin@0s+8m'), controller);
    const at = (second: number) => views.find(({ seconds }) => seconds === second);
    expect(at(475)).toMatchObject({ pods: 4, readyPods: 2, consumers: 2 });
    expect(at(530)).toMatchObject({ pods: 4, readyPods: 4, consumers: 4 });
  });

  test('rollout: the pods are replaced, and the target says so', () => {
    const { controller, views } = script({});
    const { metrics } = simulate(steady(400, 600), withFault('rollout@30s+1s'), controller);
    expect(views.find(({ seconds }) => seconds === 40)?.isRollingOut).toBe(true);
    expect(views.at(-1)).toMatchObject({ isRollingOut: false, pods: 2, consumers: 2 });
    expect(metrics.rebalances).toBe(4); // each of the two joins and leaves
  });
});
