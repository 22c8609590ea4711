import { expect, test } from 'vitest';
import type { LagRow } from './row.ts';
import { lagTables } from './tables.ts';

const row = (change: Partial<LagRow>): LagRow => ({
  client: 'lagscaler',
  groups: 1000,
  partitions: 10_000,
  distinctPartitions: 10_000,
  requests: 9.5,
  wallMs: 150,
  cpuMs: 100,
  rssMiB: 200,
  wrong: 0,
  layout: 'shared',
  brokers: 3,
  pollSeconds: 5,
  ticks: 18,
  wallP95Ms: 190,
  requestsByApi: {},
  failedReadings: 0,
  firstTick: { wallMs: 700, cpuMs: 900, requests: 20 },
  seenByBrokers: { perMinute: 114, busiestPerTick: 3 },
  loadAverage: 1,
  ...change,
});
const big = { groups: 10_000, partitions: 100_000, distinctPartitions: 100_000 };

test.for<[string, readonly LagRow[], string]>([
  [
    'a twentieth of the CPU of kafkajs meets the goal',
    [row({}), row({ client: 'kafkajs', cpuMs: 2000 })],
    '1/20 of the CPU of kafkajs | 1/20 | met |',
  ],
  [
    'a little more misses it',
    [row({}), row({ client: 'kafkajs', cpuMs: 1990 })],
    '1/20 of the CPU of kafkajs | 1/19.9 | **missed** |',
  ],
  [
    'a quarter of a core is 1,250 ms in each 5 s',
    [row({ ...big, cpuMs: 1250 })],
    'at most 0.25 core | 0.25 | met |',
  ],
  ['more is too much', [row({ ...big, cpuMs: 1300 })], 'at most 0.25 core | 0.26 | **missed** |'],
  ['300 MB are 286 MiB', [row({ ...big, rssMiB: 287 })], 'at most 300 MB | 301 MB | **missed** |'],
  [
    '1,000 groups may cost the busiest broker three requests',
    [row({ seenByBrokers: { perMinute: 1, busiestPerTick: 3.1 } })],
    'at most 3 requests to a broker in a tick | 3.1 | **missed** |',
  ],
  [
    'so may one group, since what is asked for now and then has to fit in',
    [row({ groups: 1, seenByBrokers: { perMinute: 1, busiestPerTick: 3 } })],
    'at most 3 requests to a broker in a tick | 3 | met |',
  ],
  [
    '10,000 groups may cost it twelve',
    [row({ ...big, seenByBrokers: { perMinute: 1, busiestPerTick: 12 } })],
    'at most 12 requests to a broker in a tick | 12 | met |',
  ],
  [
    'a wrong value of kafkajs is none of ours',
    [row({}), row({ client: 'kafkajs', wrong: 7 })],
    'no wrong value | 0 | met |',
  ],
  ['one of ours is', [row({ wrong: 1 }), row({})], 'no wrong value | 1 | **missed** |'],
  [
    'KEDA asks 2 + 3 times, six times a minute, for each object',
    [row({ seenByBrokers: { perMinute: 120, busiestPerTick: 3 } })],
    '| 1,000 | 120 | 30,000 | 250 |',
  ],
])('%s', ([, rows, line]) => {
  expect(lagTables(rows)).toContain(line);
});

test('what was not compared is not called right', () => {
  const { wrong: _, ...unchecked } = row({});
  const tables = lagTables([unchecked]);
  expect(tables).toContain('| ? |');
  expect(tables).not.toContain('no wrong value');
});
