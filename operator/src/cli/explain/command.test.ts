import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { answer, startServer, writeKubeconfig } from '../../kube/testing.ts';
import type { Io } from '../io.ts';
import { explainCommand } from './command.ts';

const dir = mkdtempSync(join(tmpdir(), 'explain-'));
const file = (name: string, content: object | string) => {
  const path = join(dir, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

async function run(argv: readonly string[], env: Io['env'] = {}) {
  let [out, err] = ['', ''];
  const io: Io = { out: (text) => (out += text), err: (text) => (err += text), env };
  const code = await explainCommand(argv, io);
  return { code, out, err };
}

const message =
  'the oldest unread record is 98 s old with 2040 records of backlog, the objective is 60 s: 10 replicas of 5/s each';
const orders = {
  kind: 'KafkaConsumerScaler',
  metadata: { name: 'orders', namespace: 'shop' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'orders' },
    minReplicas: 1,
    maxReplicas: 8,
    sizing: { timeLag: { objectiveSeconds: 60, drainSeconds: 120 } },
  },
  status: {
    currentReplicas: 8,
    readyReplicas: 1,
    desiredReplicas: 8,
    lag: '2415',
    lagSeconds: '98.2',
    partitions: 60,
    unknownPartitions: 0,
    arrivalRate: '25.1',
    consumptionRate: '5.0',
    capacityPerReplica: '5.01',
    learned: {
      version: 1,
      capacityPerReplica: '5.01',
      capacitySamples: 4,
      capacityTime: '2026-11-28T14:02:00.000Z',
      startSeconds: '7.2',
      commitSeconds: '2',
    },
    decision: {
      reason: 'TimeLagAboveTarget',
      message: `${message}; maxReplicas is 8: 1 → 8`,
      steps: [
        { step: 'Recommend', from: 1, to: 10, reason: 'TimeLagAboveTarget', message },
        { step: 'Bound', from: 10, to: 8, reason: 'TooManyReplicas', message: 'maxReplicas is 8' },
      ],
    },
    conditions: [
      { type: 'Ready', status: 'True', reason: 'Reconciled', message: 'all is well' },
      { type: 'ScalingLimited', status: 'True', reason: 'TooManyReplicas', message: 'at most 8' },
    ],
    history: [
      {
        time: '2026-11-28T14:03:11.000Z',
        from: 1,
        to: 8,
        reason: 'TimeLagAboveTarget',
        message: `${message}; maxReplicas is 8: 1 → 8`,
      },
    ],
  },
};

test('what was seen, each step with its number, what is out of the ordinary, and the last changes', async () => {
  const { code, out } = await run(['-f', file('orders.json', orders)]);
  expect(code).toBe(0);
  expect(out).toBe(`KafkaConsumerScaler shop/orders

Input
  target             Deployment orders: 8 replicas, 1 ready, 1 to 8 allowed
  sizing             timeLag: records not older than 60 s, a backlog gone in 120 s
  lag                2415 records in 60 partitions
  oldest record      98.2 s old
  arrivals           25.1 records/s
  consumption        5.0 records/s
  one replica reads  5.01/s: seen 4 times, last at 2026-11-28T14:02:00.000Z
  it takes           7.2 s until a new replica reads, 2 s from commit to commit

Steps
  1  Recommend  1 → 10  TimeLagAboveTarget  ${message}
  2  Bound      10 → 8  TooManyReplicas     maxReplicas is 8

Decision
  TimeLagAboveTarget: ${message}; maxReplicas is 8: 1 → 8

Conditions
  ScalingLimited=True  TooManyReplicas  at most 8

Last changes
  2026-11-28T14:03:11.000Z  TimeLagAboveTarget  ${message}; maxReplicas is 8: 1 → 8
`);
});

describe('what is not known', () => {
  const seen = async (change: object, spec: object = {}) => {
    const resource = { ...orders, spec: { ...orders.spec, ...spec }, status: change };
    return (await run(['-f', file('seen.json', resource)])).out;
  };

  test.for([
    ['nothing of a replica', {}, 'one replica reads  not known yet\n'],
    [
      'what a replica can do at most',
      { learned: { version: 1, lowerBoundPerReplica: '4.2' } },
      'one replica reads  at least 4.2/s: more is not known yet\n',
    ],
    [
      'some partitions',
      { partitions: 12, unknownPartitions: 2 },
      'lag                unknown in 12 partitions, 2 of them unknown\n',
    ],
    ['any decision', {}, 'Decision\n  none yet\n'],
  ] as const)('%s', async ([, status, expected]) => {
    expect(await seen(status)).toContain(expected);
  });

  test('what the user says of a replica is told beside what was seen of it', async () => {
    const sizing = { timeLag: { ...orders.spec.sizing.timeLag, capacityPerReplica: '7' } };
    const out = await seen({ capacityPerReplica: '7' }, { sizing });
    expect(out).toContain('7/s: not seen yet, 7/s by sizing.timeLag.capacityPerReplica\n');
  });

  test('another strategy knows nothing of replicas', async () => {
    const out = await seen({}, { sizing: { lagPerReplica: { value: 100 } } });
    expect(out).toContain('lagPerReplica: 100 records of lag for each replica\n');
    expect(out).not.toContain('one replica reads');
  });
});

test('the same for programs', async () => {
  const { out } = await run(['-f', file('orders.json', orders), '-o', 'json']);
  expect(JSON.parse(out)).toMatchObject({
    namespace: 'shop',
    name: 'orders',
    input: { 'oldest record': '98.2 s old' },
    steps: orders.status.decision.steps,
    desiredReplicas: 8,
    reason: 'TimeLagAboveTarget',
  });
});

test('a cluster is asked for the resource', async () => {
  const server = await startServer((_, response) => answer(response, orders));
  const kubeconfig = writeKubeconfig(server.url, {});
  const { code, out } = await run(['orders', '-n', 'shop'], { KUBECONFIG: kubeconfig });
  expect(code).toBe(0);
  expect(out).toContain('KafkaConsumerScaler shop/orders\n');
  expect(server.requests.map(({ path }) => path)).toEqual([
    '/apis/lagscaler.dev/v1alpha1/namespaces/shop/kafkaconsumerscalers/orders',
  ]);
});

test('what the cluster does not give is told, with exit code 1', async () => {
  const server = await startServer((_, response) => answer(response, { message: 'gone' }, 404));
  const { code, out, err } = await run(['orders', '--kubeconfig', writeKubeconfig(server.url, {})]);
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain('lagscaler: get kafkaconsumerscalers');
});

test.for([
  ['no name', [], 'name one KafkaConsumerScaler'],
  ['two names', ['a', 'b'], 'name one KafkaConsumerScaler'],
  ['a name and a file', ['a', '-f', 'x'], 'name one KafkaConsumerScaler'],
  ['another format', ['a', '-o', 'yaml'], '--output: one of table, json, not "yaml"'],
  ['no time at all', ['a', '--timeout', '0'], '--timeout: seconds from 1 to 300'],
  ['an option that does not exist', ['a', '--loud'], '--loud'],
  ['a file that is not there', ['-f', join(dir, 'missing')], 'ENOENT'],
  ['a file of something else', ['-f', file('pod.yaml', 'kind: Pod')], 'no KafkaConsumerScaler'],
] as const)('%s is a wrong command line', async ([, argv, expected]) => {
  await expect(run(argv)).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringContaining(expected),
  });
});

test('--help tells the options', async () => {
  expect((await run(['--help'])).out).toContain('Usage: lagscaler explain');
});
