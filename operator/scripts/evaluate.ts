import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { ScalingPolicy } from '../src/autoscaler/types.ts';
import { type Baseline, baselines, type Family } from '../src/backtest/baselines.ts';
import { rank } from '../src/backtest/compare.ts';
import { lagscaler } from '../src/backtest/controllers/lagscaler.ts';
import { designTrace, designTraceNames } from '../src/backtest/design-traces.ts';
import { parseFault } from '../src/backtest/fault.ts';
import type { Rebalance } from '../src/backtest/group.ts';
import type { Metrics } from '../src/backtest/metrics.ts';
import { frontierSvg } from '../src/backtest/plot/frontier.ts';
import { defaultSetup, type Setup } from '../src/backtest/setup.ts';
import { simulate } from '../src/backtest/simulate.ts';
import { summarize } from '../src/backtest/summary.ts';
import type { Trace } from '../src/backtest/trace.ts';
import { readTextFile } from '../src/cli/backtest/load.ts';
import { parseScalerFile, type ScalerFile } from '../src/cli/backtest/scaler-file.ts';

/**
 * What rules are tuned on, and what is only looked at to report: no trace, seed or number of partitions is
 * in both. Of the held-out set is also the protocol with the longest stops.
 */
const sets = {
  tuning: {
    traces: 'wiki_en,google,diurnal+burst,nightly-batch',
    'trace-seeds': '',
    seeds: '1',
    partitions: '17,24',
    rebalance: 'cooperative:4,eager:12',
  },
  'held-out': {
    traces: 'retailrocket,taxi,IoT,ADS,cosine,step5x',
    'trace-seeds': '21,22',
    seeds: '5',
    partitions: '20,40',
    rebalance: 'cooperative:4,eager:15',
  },
  design: {
    traces: designTraceNames.join(),
    'trace-seeds': '',
    seeds: '1',
    partitions: '24',
    rebalance: 'eager:8',
  },
} as const;

/**
 * Many backtests: controllers over traces, partition counts, protocols and seeds, one line of means for each
 * controller. For judging a rule, where `lagscaler backtest` shows one run. Lists are separated by commas.
 */
const { values: given } = parseArgs({
  options: {
    scaler: { type: 'string' },
    /** `tuning`, `held-out` or `design`: what the next five are unless they are given. */
    set: { type: 'string', default: 'design' },
    traces: { type: 'string' },
    /** Of the traces; empty: those of the design. */
    'trace-seeds': { type: 'string' },
    seeds: { type: 'string' },
    partitions: { type: 'string' },
    rebalance: { type: 'string' },
    /** As often as you like, as of `lagscaler backtest`. */
    fault: { type: 'string', multiple: true, default: [] },
    'poll-seconds': { type: 'string', default: '15' },
    /** Only controllers whose name holds one of these texts, separated by |. */
    only: { type: 'string', default: '' },
    /** Numbers of `autoscaler/sizing/tuning.ts` that are to be others, as JSON: such as one that disables a rule. */
    tuning: { type: 'string', default: '{}' },
    /** A line for each trace as well. */
    'by-trace': { type: 'boolean', default: false },
    /** A file for the frontier of late share against replica-hours, as SVG. */
    plot: { type: 'string' },
  },
});

const args = { ...setNamed(given.set), ...given };

interface Run {
  readonly trace: string;
  readonly family: Family;
  readonly metrics: Metrics;
}

interface World {
  readonly trace: Trace;
  readonly setup: Setup;
}

const [pollSeconds = 15] = numbers(args['poll-seconds']);
const scaler = args.scaler ? parseScalerFile(args.scaler, readTextFile(args.scaler)) : undefined;
const runs = new Map<string, Run[]>();
for (const world of worlds())
  for (const { name, family, make } of contestants(world)) {
    const { metrics } = simulate(world.trace, world.setup, make());
    runs.set(name, [...(runs.get(name) ?? []), { trace: world.trace.name, family, metrics }]);
  }
if (given.plot) writeFileSync(given.plot, frontier());
console.log(
  '| controller | late % mean / worst | of static P | / oracle | actions/day | rebalances/day | runs |',
);
console.log('|---|---|---|---|---|---|---|');
for (const [name, list] of runs) {
  printLine(
    name,
    list.map(({ metrics }) => metrics),
  );
  if (!args['by-trace']) continue;
  for (const [trace, some] of Map.groupBy(list, (run) => run.trace))
    printLine(
      `– ${trace}`,
      some.map(({ metrics }) => metrics),
    );
}

function setNamed(name: string) {
  if (!Object.hasOwn(sets, name)) throw new Error(`there is no set ${name}`);
  return sets[name as keyof typeof sets];
}

function worlds(): readonly World[] {
  const setups = setupsOf();
  return tracesOf().flatMap((trace) => setups.map((setup) => ({ trace, setup })));
}

function tracesOf(): readonly Trace[] {
  const seeds = args['trace-seeds'] === '' ? [undefined] : numbers(args['trace-seeds']);
  return args.traces.split(',').flatMap((name) =>
    seeds.map((seed) => {
      const trace = designTrace(name, seed);
      if (!trace) throw new Error(`there is no trace ${name}`);
      return trace;
    }),
  );
}

function setupsOf(): readonly Setup[] {
  const faults = args.fault.map(parseFault);
  const rebalances = args.rebalance.split(',').map(parseRebalance);
  return numbers(args.partitions).flatMap((partitions) =>
    rebalances.flatMap((rebalance) =>
      numbers(args.seeds).map((seed) => ({ ...defaultSetup, partitions, rebalance, seed, faults })),
    ),
  );
}

function contestants({ trace, setup }: World): readonly Baseline[] {
  const bounds = scaler?.policy ?? { minReplicas: 1, maxReplicas: setup.partitions };
  const { minReplicas, maxReplicas } = bounds;
  const all = [
    ...(scaler ? [operatorOf(scaler, { trace, setup })] : []),
    ...baselines({ trace, setup, minReplicas, maxReplicas }),
  ];
  return all.filter(({ name }) => args.only.split('|').some((part) => name.includes(part)));
}

function operatorOf({ policy }: ScalerFile, { trace, setup }: World): Baseline {
  const options = {
    policy: tuned(policy),
    intervalSeconds: pollSeconds,
    protocol: setup.rebalance.protocol,
    startMs: trace.startMs,
  };
  return { name: 'lagscaler', family: 'lagscaler', make: () => lagscaler(options) };
}

function tuned(policy: ScalingPolicy): ScalingPolicy {
  const { sizing } = policy;
  if (sizing.kind !== 'timeLag') return policy;
  return {
    ...policy,
    sizing: { ...sizing, tuning: { ...sizing.tuning, ...JSON.parse(args.tuning) } },
  };
}

/** Each controller as if all its runs were one. */
function frontier(): string {
  const results = [...runs].flatMap(([name, list]) => {
    const [first] = list;
    if (!first) return [];
    const total = (of: (metrics: Metrics) => number) =>
      list.reduce((sum, { metrics }) => sum + of(metrics), 0);
    const { lateFraction } = summarize(list.map(({ metrics }) => metrics));
    const metrics = {
      ...first.metrics,
      lateFraction,
      replicaHours: total((m) => m.replicaHours),
      rebalances: total((m) => m.rebalances),
      days: total((m) => m.days),
    };
    return [{ name, family: first.family, metrics }];
  });
  return frontierSvg({ title: `${given.set} set, all runs`, standings: rank(results) });
}

function printLine(name: string, list: readonly Metrics[]): void {
  const s = summarize(list);
  const cells = [
    name,
    `${percent(s.lateFraction)} / ${percent(s.worstLateFraction)}`,
    `${Math.round(100 * s.ofStatic)} %`,
    s.timesOracle.toFixed(2),
    s.actionsPerDay.toFixed(1),
    s.rebalancesPerDay.toFixed(0),
    s.runs,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}

function numbers(list: string): readonly number[] {
  const values = list.split(',').map(Number);
  if (!values.every((value) => Number.isInteger(value) && value >= 0))
    throw new Error(`write whole numbers with commas, not "${list}"`);
  return values;
}

function parseRebalance(text: string): Rebalance {
  const [, protocol, pause] = /^(eager|cooperative|kip848):(\d+)$/.exec(text) ?? [];
  if (protocol === undefined)
    throw new Error(`write a protocol and its pause, such as eager:8, not "${text}"`);
  return { protocol: protocol as Rebalance['protocol'], pauseSeconds: Number(pause) };
}
