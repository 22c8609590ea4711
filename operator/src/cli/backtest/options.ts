import { designTraceNames } from '../../backtest/design-traces.ts';
import { type Fault, FaultError, parseFault } from '../../backtest/fault.ts';
import type { Rebalance } from '../../backtest/group.ts';
import { defaultSetup, type Setup } from '../../backtest/setup.ts';
import { UsageError } from '../usage-error.ts';
import { parseDuration } from './duration.ts';
import { FlagReader, parseFlags } from './flags.ts';

/** Where the load comes from. */
export type TraceSource =
  | { readonly kind: 'design'; readonly name: string; readonly seed: number | undefined }
  | { readonly kind: 'file'; readonly path: string }
  | PrometheusSource;

export interface PrometheusSource {
  readonly kind: 'prometheus';
  readonly url: URL;
  /** Undefined: what the scaler names. */
  readonly query: string | undefined;
  readonly lastSeconds: number;
  readonly stepSeconds: number;
  readonly timeoutMs: number;
  /** Never shown. */
  readonly token: string | undefined;
}

export interface BacktestOptions {
  readonly source: TraceSource;
  readonly scalerFile: string;
  /** With the threads of the scaler still to come. */
  readonly setup: Setup;
  /** Undefined: that of the scaler. */
  readonly pollSeconds: number | undefined;
  readonly isCompared: boolean;
  readonly kedaFiles: readonly string[];
  readonly isExplained: boolean;
  readonly plotFile: string | undefined;
  readonly traceFile: string | undefined;
  readonly output: 'table' | 'json';
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What `lagscaler backtest` was asked for.
 * @returns undefined for --help
 * @throws UsageError with every problem, one a line
 */
export function parseBacktestOptions(
  argv: readonly string[],
  env: Env,
): BacktestOptions | undefined {
  const flags = parseFlags(argv);
  if (flags.help) return undefined;
  const reader = new FlagReader(flags);
  const options: BacktestOptions = {
    source: sourceOf(reader, env),
    scalerFile: flags.scaler ?? reader.fail('--scaler: name a file with a KafkaConsumerScaler', ''),
    setup: setupOf(reader),
    pollSeconds:
      flags['poll-seconds'] === undefined ? undefined : reader.integer('poll-seconds', 1, 3600),
    isCompared: flags.compare === true || flags.keda !== undefined,
    kedaFiles: flags.keda ?? [],
    isExplained: flags.explain === true,
    plotFile: flags.plot,
    traceFile: flags['save-trace'],
    output: outputOf(reader),
  };
  if (reader.problems.length > 0) throw new UsageError(reader.problems.join('\n'));
  return options;
}

function setupOf(reader: FlagReader): Setup {
  const partitions = reader.integer('partitions', 1, 10_000);
  return {
    partitions,
    capacityPerReplica: reader.decimal('rate-per-replica', 0.001, 1e9),
    threadsPerReplica: defaultSetup.threadsPerReplica,
    initialReplicas: reader.integer('start-replicas', 0, 10_000),
    startSeconds: startOf(reader),
    rebalance: rebalanceOf(reader),
    commitSeconds: reader.integer('commit-seconds', 1, 3600),
    noise: reader.decimal('noise', 0, 1),
    skew: reader.decimal('skew', 0, 5),
    objectiveSeconds: reader.integer('slo-seconds', 1, 604_800),
    seed: reader.integer('seed', 0, 4_294_967_295),
    faults: (reader.flags.fault ?? []).flatMap((text) => faultOf(text, partitions, reader)),
  };
}

function startOf(reader: FlagReader): readonly [number, number] {
  const text = reader.flags['start-seconds'];
  const [, min, max = min] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const range = [Number(min), Number(max)] as const;
  return range[0] <= range[1]
    ? range
    : reader.fail(`--start-seconds: write a range such as 25-45, not "${text}"`, range);
}

const usualPauses = { eager: 8, cooperative: 4, kip848: 1 } as const;

function rebalanceOf(reader: FlagReader): Rebalance {
  const text = reader.flags.rebalance;
  const [, protocol, pause] = /^(eager|cooperative|kip848)(?::(\d+))?$/.exec(text) ?? [];
  const name = protocol as Rebalance['protocol'] | undefined;
  if (name) return { protocol: name, pauseSeconds: Number(pause ?? usualPauses[name]) };
  const problem = `--rebalance: eager:8, cooperative:4 or kip848:1, with a pause in whole seconds, not "${text}"`;
  return reader.fail(problem, defaultSetup.rebalance);
}

function faultOf(text: string, partitions: number, reader: FlagReader): Fault[] {
  try {
    const fault = parseFault(text);
    const isElsewhere = fault.kind === 'poison' && (fault.value ?? 0) >= partitions;
    if (isElsewhere)
      reader.fail(`--fault ${text}: there is no partition ${fault.value}`, undefined);
    return [fault];
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    return reader.fail(`--fault: ${error.message}`, []);
  }
}

function outputOf(reader: FlagReader): 'table' | 'json' {
  const { output } = reader.flags;
  if (output === 'table' || output === 'json') return output;
  return reader.fail(`--output: one of table, json, not "${output}"`, 'table');
}

function sourceOf(reader: FlagReader, env: Env): TraceSource {
  const { trace, 'from-prometheus': url } = reader.flags;
  if ((trace === undefined) === (url === undefined))
    reader.fail('name the load with --trace or with --from-prometheus, one of them', undefined);
  return url === undefined ? traceOf(trace ?? '') : prometheusOf(url, reader, env);
}

/** A file of the same name as a trace of the design is meant by ./name. */
function traceOf(text: string): TraceSource {
  const [, name = '', seed] = /^(.+?)(?::(\d+))?$/.exec(text) ?? [];
  if (!designTraceNames.includes(name)) return { kind: 'file', path: text };
  return { kind: 'design', name, seed: seed === undefined ? undefined : Number(seed) };
}

/** What Prometheus answers at most to one query. */
const mostPoints = 11_000;

function prometheusOf(text: string, reader: FlagReader, env: Env): PrometheusSource {
  const lastSeconds = durationOf('last', reader) ?? 0;
  const stepSeconds =
    durationOf('step', reader) ?? Math.max(60, Math.ceil(lastSeconds / mostPoints));
  if (lastSeconds / stepSeconds > mostPoints)
    reader.fail(
      `--step: ${lastSeconds} s need more than ${mostPoints} points: choose a longer step`,
      0,
    );
  return {
    kind: 'prometheus',
    url: urlOf(text, reader),
    query: reader.flags.query,
    lastSeconds,
    stepSeconds,
    timeoutMs: 1000 * reader.integer('timeout', 1, 300),
    token: env['PROMETHEUS_TOKEN'] || undefined,
  };
}

function durationOf(flag: 'last' | 'step', reader: FlagReader): number | undefined {
  const text = reader.flags[flag];
  if (text === undefined) return undefined;
  const seconds = parseDuration(text);
  return seconds ?? reader.fail(`--${flag}: a duration such as 60s, 12h or 3d, not "${text}"`, 60);
}

/** The text itself is not repeated: it may hold a password. */
function urlOf(text: string, reader: FlagReader): URL {
  const url = URL.parse(text);
  const standIn = new URL('http://localhost');
  if (!url || !['http:', 'https:'].includes(url.protocol))
    return reader.fail('--from-prometheus: write a URL such as http://prometheus:9090', standIn);
  if (url.username || url.password)
    return reader.fail(
      '--from-prometheus: no credentials in the URL: set PROMETHEUS_TOKEN in the environment',
      standIn,
    );
  return url;
}
