import { expect, test } from 'vitest';
import { rowOf, warmUpTicks } from './row.ts';
import type { Tick } from './worker-protocol.ts';

const tick = (change: Partial<Tick>): Tick => ({
  wallMs: 10,
  cpuMs: 20,
  requests: { OffsetFetch: 3 },
  failed: 0,
  ...change,
});
const cold = tick({ wallMs: 900, cpuMs: 1500, requests: { FindCoordinator: 40 }, failed: 7 });
const warmUp = [cold, ...Array.from({ length: warmUpTicks - 1 }, () => tick({ cpuMs: 999 }))];
const what = { client: 'lagscaler', layout: 'own', groups: 10, brokers: 3 } as const;
const seenByBrokers = { perMinute: 36, busiestPerTick: 1 };

test('ticks that warm up are in no mean; the first one stands beside', () => {
  const steady = [
    tick({ cpuMs: 20 }),
    tick({ cpuMs: 40, requests: { OffsetFetch: 3, Metadata: 1 }, failed: 1 }),
  ];
  const row = rowOf(what, { ticks: [...warmUp, ...steady], rssMiB: 150.4 }, seenByBrokers);
  expect(row).toMatchObject({
    client: 'lagscaler',
    groups: 10,
    partitions: 100,
    distinctPartitions: 100,
    requests: 3.5,
    requestsByApi: { OffsetFetch: 3, Metadata: 0.5 },
    wallMs: 10,
    cpuMs: 30,
    rssMiB: 150,
    ticks: 2,
    failedReadings: 1,
    firstTick: { wallMs: 900, cpuMs: 1500, requests: 40 },
  });
});

test('without a tick that counts there is nothing to tell', () => {
  expect(() => rowOf(what, { ticks: warmUp, rssMiB: 1 }, seenByBrokers)).toThrow('0 values');
});
