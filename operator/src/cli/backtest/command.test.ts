import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Io } from '../io.ts';
import { UsageError } from '../usage-error.ts';
import { backtestCommand } from './command.ts';

let dir = '';
const file = (name: string, text?: string) => {
  const path = join(dir, name);
  if (text !== undefined) writeFileSync(path, text);
  return path;
};

const scalerYaml = `
apiVersion: v1
kind: ConfigMap
---
kind: KafkaConsumerScaler
spec:
  scaleTargetRef: {name: orders}
  maxReplicas: 24
  kafka: {bootstrapServers: ['kafka:9092']}
  consumer: {group: orders}
  sizing: {lagPerReplica: {value: 5000}}
`;
const scaledObject = `
kind: ScaledObject
spec:
  minReplicaCount: 1
  maxReplicaCount: 24
  triggers:
    - {type: kafka, metadata: {lagThreshold: "5000", ensureEvenDistributionOfPartitions: "true"}}
    - {type: prometheus, metadata: {threshold: "500"}}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior: {scaleDown: {stabilizationWindowSeconds: 600}}
`;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'backtest-'));
  file('scaler.yaml', scalerYaml);
  file('keda.yaml', scaledObject);
  file('rate.csv', 'seconds,recordsPerSecond\n0,2000\n1200,9000\n1800,2000\n');
});
afterAll(() => rmSync(dir, { recursive: true }));

async function run(...argv: string[]) {
  let out = '';
  let err = '';
  const io: Io = { out: (text) => (out += text), err: (text) => (err += text), env: {} };
  const code = await backtestCommand(argv, io);
  return { code, out, err };
}

const basics = () => ['--scaler', file('scaler.yaml'), '--trace', file('rate.csv')];

test('json: the figures of a run, in this order first', async () => {
  const { code, out } = await run(...basics(), '-o', 'json');
  expect(code).toBe(0);
  const figures = JSON.parse(out);
  expect(Object.keys(figures).slice(0, 9)).toEqual([
    'lateFraction',
    'maxAgeSeconds',
    'p99AgeSeconds',
    'replicaHours',
    'staticReplicaHours',
    'oracleReplicaHours',
    'actions',
    'rebalances',
    'days',
  ]);
  expect(figures).toMatchObject({ staticReplicaHours: 12, days: 1800 / 86_400 });
  expect(figures.scalings).toBeUndefined();
  expect((await run(...basics(), '-o', 'json')).out).toBe(out);
});

test('table: one line under one of names, and the reasons when asked for', async () => {
  const { out } = await run(...basics(), '--explain');
  const lines = out.trimEnd().split('\n');
  expect(lines.at(-2)).toMatch(/^CONTROLLER +LATE +MAX-AGE/);
  expect(lines.at(-1)).toMatch(/^lagscaler +[\d.]+ %/);
  expect(lines[0]).toMatch(/^0d 00:\d\d:\d\d {2}\d+ → \d+ {2}Lag(Above|Below)Target: lag/);
});

test('--compare and --keda: baselines beside it, and the frontier as a picture', async () => {
  const plot = file('frontier.svg');
  const keda = file('keda.yaml');
  const { out } = await run(...basics(), '--keda', keda, '-o', 'json', '--plot', plot);
  const { compared, ...own } = JSON.parse(out);
  expect(compared[0]).toMatchObject({ name: 'lagscaler', metrics: own });
  expect(compared[1]).toMatchObject({ name: `KEDA of ${keda}`, family: 'KEDA' });
  expect(compared.length).toBeGreaterThan(20);
  expect(readFileSync(plot, 'utf8')).toContain('replica-hours');
});

test('without --compare the picture is the run over time, and the trace can be kept', async () => {
  const plot = file('timeline.svg');
  const kept = file('kept.csv');
  const { out } = await run(...basics(), '-o', 'json', '--plot', plot, '--save-trace', kept);
  expect(readFileSync(plot, 'utf8')).toContain('Age of the oldest record');
  const again = await run('--scaler', file('scaler.yaml'), '--trace', kept, '-o', 'json');
  expect(JSON.parse(again.out).oracleReplicaHours).toBe(JSON.parse(out).oracleReplicaHours);
});

test('the scaler bounds what the run starts with', async () => {
  const small = file('small.yaml', scalerYaml.replace('maxReplicas: 24', 'maxReplicas: 3'));
  const { out } = await run('--scaler', small, '--trace', file('rate.csv'), '-o', 'json');
  expect(JSON.parse(out).replicaHours).toBeLessThanOrEqual(1.5);
});

test('decisions are as far apart as the scaler says, unless --poll-seconds does', async () => {
  const seldom = scalerYaml.replace('spec:', 'spec:\n  pollingIntervalSeconds: 300');
  const scaler = ['--scaler', file('seldom.yaml', seldom), '--trace', file('rate.csv')];
  const { out } = await run(...scaler, '-o', 'json', '--explain');
  const { scalings } = JSON.parse(out);
  expect(scalings.length).toBeGreaterThan(0);
  for (const { seconds } of scalings) expect(seconds % 300).toBe(0);
  expect((await run(...basics(), '-o', 'json', '--explain', '--poll-seconds', '300')).out).toBe(
    out,
  );
});

test('a scaler that only recommends, or is paused, runs as if it were free to act', async () => {
  const { out } = await run(...basics(), '-o', 'json');
  for (const field of ['mode: Recommend', 'paused: true']) {
    const scaler = file('idle.yaml', scalerYaml.replace('spec:', `spec:\n  ${field}`));
    const idle = await run('--scaler', scaler, '--trace', file('rate.csv'), '-o', 'json');
    expect(idle.out).toBe(out);
  }
});

test('--help', async () => {
  expect((await run('--help')).out).toContain('Usage: lagscaler backtest');
});

test('a history that cannot be read is no mistake of the command line', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.close();
  const { code, err } = await run('--scaler', file('scaler.yaml'), '--from-prometheus', url);
  expect(code).toBe(1);
  expect(err).toBe(`lagscaler: ${url}: ECONNREFUSED\n`);
});

test.for([
  ['a file that is not there', () => ['--scaler', 'nowhere.yaml'], 'nowhere.yaml: ENOENT'],
  [
    'no scaler in it',
    () => ['--scaler', file('keda.yaml')],
    'holds 0 resources of kind KafkaConsumerScaler',
  ],
  ['no YAML', () => ['--scaler', file('bad.yaml', 'a: [')], 'bad.yaml: '],
  [
    'a field that is wrong',
    () => ['--scaler', file('wrong.yaml', scalerYaml.replace('24', '0'))],
    'wrong.yaml: spec.maxReplicas must be at least 1, not 0',
  ],
  [
    'a tolerance that is none',
    () => ['--scaler', file('t.yaml', scalerYaml.replace('5000', '5000, tolerance: ten'))],
    't.yaml: spec.sizing.lagPerReplica.tolerance is "ten"',
  ],
  [
    'a trace that is none',
    () => ['--scaler', file('scaler.yaml'), '--trace', file('bad.csv', 'time,rate\n')],
    'bad.csv: line 1: the header must be',
  ],
  [
    'a trace of no length',
    () => [
      '--scaler',
      file('scaler.yaml'),
      '--trace',
      file('s.csv', 'seconds,recordsPerSecond\n0,1\n0.5,1\n'),
    ],
    's.csv: the trace lasts less than a second',
  ],
  [
    'no ScaledObject',
    () => ['--keda', file('scaler.yaml')],
    'holds 0 resources of kind ScaledObject',
  ],
  [
    'what the baseline cannot do',
    () => [
      '--keda',
      file('x.yaml', scaledObject.replace('ensureEven', 'excludePersistentLag: "true", x')),
    ],
    'excludePersistentLag is nothing the baseline can do',
  ],
  [
    'no number',
    () => ['--keda', file('n.yaml', scaledObject.replace('"5000"', 'many'))],
    'lagThreshold must be a number',
  ],
  [
    'a picture in no folder',
    () => ['--plot', 'nowhere/out.svg'],
    'nowhere/out.svg: cannot be written',
  ],
] as const)('told with the file: %s', async ([, argv, message]) => {
  const attempt = () => run(...basics(), ...argv());
  await expect(attempt).rejects.toThrow(UsageError);
  await expect(attempt).rejects.toThrow(message);
});
