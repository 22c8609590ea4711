import { expect, test } from 'vitest';
import { UsageError } from '../usage-error.ts';
import { parseBacktestOptions } from './options.ts';

const parse = (text: string, env = {}) =>
  parseBacktestOptions(['--scaler', 's.yaml', ...text.split(' ').filter(Boolean)], env);

test('the defaults are those of the evaluation protocol', () => {
  expect(parse('--trace rate.csv')).toMatchObject({
    source: { kind: 'file', path: 'rate.csv' },
    scalerFile: 's.yaml',
    pollSeconds: undefined,
    output: 'table',
    isCompared: false,
    setup: {
      partitions: 24,
      capacityPerReplica: 1000,
      startSeconds: [25, 45],
      rebalance: { protocol: 'cooperative', pauseSeconds: 4 },
      commitSeconds: 5,
      noise: 0.1,
      skew: 0,
      objectiveSeconds: 60,
      seed: 1,
      faults: [],
    },
  });
});

test('everything can be chosen', () => {
  const options = parse(
    '--trace a.csv --partitions 17 --rate-per-replica 5.5 --start-replicas 3 --start-seconds 10 ' +
      '--rebalance eager:15 --commit-seconds 1 --poll-seconds 5 --noise 0 --skew 0.6 --slo-seconds 30 ' +
      '--seed 7 --fault poison:3@6h+3h --fault gap@8h+20m -o json --plot out.svg --explain ' +
      '--keda a.yaml --save-trace t.csv',
  );
  expect(options).toMatchObject({
    pollSeconds: 5,
    output: 'json',
    plotFile: 'out.svg',
    traceFile: 't.csv',
    isExplained: true,
    isCompared: true,
    kedaFiles: ['a.yaml'],
    setup: {
      partitions: 17,
      capacityPerReplica: 5.5,
      initialReplicas: 3,
      startSeconds: [10, 10],
      rebalance: { protocol: 'eager', pauseSeconds: 15 },
      commitSeconds: 1,
      noise: 0,
      skew: 0.6,
      objectiveSeconds: 30,
      seed: 7,
      faults: [
        { kind: 'poison', value: 3, from: 21_600 },
        { kind: 'gap', to: 30_000 },
      ],
    },
  });
});

test.for([
  ['wiki_en', { kind: 'design', name: 'wiki_en', seed: undefined }],
  ['diurnal+burst:12', { kind: 'design', name: 'diurnal+burst', seed: 12 }],
  ['./wiki_en', { kind: 'file', path: './wiki_en' }],
  ['my:7', { kind: 'file', path: 'my:7' }],
] as const)('the trace %s', ([text, source]) => {
  expect(parse(`--trace ${text}`)?.source).toEqual(source);
});

test('a history from Prometheus: the step grows with the time, the token comes from the environment', () => {
  const source = (text: string, env = {}) =>
    parse(`--from-prometheus http://prometheus:9090 ${text}`, env)?.source;
  expect(source('', { PROMETHEUS_TOKEN: 't' })).toMatchObject({
    kind: 'prometheus',
    lastSeconds: 259_200,
    stepSeconds: 60,
    timeoutMs: 30_000,
    token: 't',
  });
  expect(source('--last 30d')).toMatchObject({ stepSeconds: 236, token: undefined });
  expect(source('--last 12h --step 15s')).toMatchObject({ lastSeconds: 43_200, stepSeconds: 15 });
});

test('--help wins over everything', () => {
  expect(parse('--help --partitions x')).toBeUndefined();
});

test.for([
  ['no load', '', 'name the load with --trace or with --from-prometheus'],
  ['two loads', '--trace a --from-prometheus http://b', 'one of them'],
  ['an unknown option', '--trace a --treplicas 3', "Unknown option '--treplicas'"],
  [
    'half a partition',
    '--trace a --partitions 1.5',
    '--partitions: a whole number from 1 to 10000',
  ],
  ['no records', '--trace a --rate-per-replica 0', '--rate-per-replica: a number from 0.001'],
  ['no interval', '--trace a --poll-seconds 0', '--poll-seconds: a whole number from 1 to 3600'],
  ['a reversed range', '--trace a --start-seconds 45-25', '--start-seconds: write a range'],
  ['an unknown protocol', '--trace a --rebalance lazy:3', '--rebalance: eager:8'],
  ['an unknown fault', '--trace a --fault fire@1h+1h', '--fault: "fire@1h+1h" is no fault'],
  ['a partition too many', '--trace a --fault poison:24@1h+1h', 'there is no partition 24'],
  ['an unknown format', '--trace a -o yaml', '--output: one of table, json, not "yaml"'],
  ['a duration without unit', '--from-prometheus http://b --last 3', '--last: a duration such as'],
  ['too many points', '--from-prometheus http://b --last 30d --step 1s', '--step: 2592000 s need'],
  ['no URL', '--from-prometheus prometheus:9090', '--from-prometheus: write a URL'],
] as const)('refused: %s', ([, text, message]) => {
  expect(() => parse(text)).toThrow(UsageError);
  expect(() => parse(text)).toThrow(message);
});

test('credentials in a URL are refused and not repeated', () => {
  const attempt = () => parse('--from-prometheus http://me:hunter2@prometheus:9090');
  expect(attempt).toThrow('PROMETHEUS_TOKEN');
  expect(attempt).not.toThrow('hunter2');
});

test('every problem is told at once', () => {
  expect(() => parseBacktestOptions(['--noise', '2', '--skew', 'x'], {})).toThrow(
    /name the load.*\n.*--scaler.*\n.*--noise.*\n.*--skew/,
  );
});
