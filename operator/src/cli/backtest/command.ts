import { writeFileSync } from 'node:fs';
import { baselines, kedaBaseline } from '../../backtest/baselines.ts';
import { type Result, rank, runAll, type Standing } from '../../backtest/compare.ts';
import type { Controller } from '../../backtest/controller.ts';
import { lagscaler } from '../../backtest/controllers/lagscaler.ts';
import { toTraceCsv } from '../../backtest/csv.ts';
import { frontierSvg } from '../../backtest/plot/frontier.ts';
import { timelineSvg } from '../../backtest/plot/timeline.ts';
import type { Setup } from '../../backtest/setup.ts';
import { type Outcome, simulate } from '../../backtest/simulate.ts';
import type { Trace } from '../../backtest/trace.ts';
import type { Io } from '../io.ts';
import { UsageError } from '../usage-error.ts';
import { backtestHelp } from './help.ts';
import { parseKedaFile } from './keda-file.ts';
import { loadTrace, readTextFile } from './load.ts';
import { type BacktestOptions, parseBacktestOptions } from './options.ts';
import { PrometheusError } from './prometheus.ts';
import { parseScalerFile, type ScalerFile } from './scaler-file.ts';
import { toActions, toTable } from './table.ts';

/**
 * `lagscaler backtest`.
 * @returns the exit code
 * @throws UsageError
 */
export async function backtestCommand(argv: readonly string[], io: Io): Promise<number> {
  const options = parseBacktestOptions(argv, io.env);
  if (!options) {
    io.out(backtestHelp);
    return 0;
  }
  try {
    await run(options, io);
    return 0;
  } catch (error) {
    if (!(error instanceof PrometheusError)) throw error;
    io.err(`${error.message.replace(/^/gm, 'lagscaler: ')}\n`);
    return 1;
  }
}

async function run(options: BacktestOptions, io: Io): Promise<void> {
  const scaler = parseScalerFile(options.scalerFile, readTextFile(options.scalerFile));
  const kedas = options.kedaFiles.map((path) =>
    kedaBaseline(parseKedaFile(path, readTextFile(path))),
  );
  const trace = await loadTrace(options.source, scaler);
  if (options.traceFile) write(options.traceFile, toTraceCsv(trace));
  const setup = setupFor(scaler, options.setup);
  const { minReplicas, maxReplicas } = scaler.policy;
  const outcome = simulate(trace, setup, controllerOf(options, scaler, { trace, setup }));
  const run: Run = { options, trace, setup, outcome };
  if (!options.isCompared) return report(run, [], io);
  const others = [...kedas, ...baselines({ trace, setup, minReplicas, maxReplicas })];
  report(run, runAll(others, trace, setup), io);
}

/** What was simulated. */
interface Run {
  readonly options: BacktestOptions;
  readonly trace: Trace;
  readonly setup: Setup;
  readonly outcome: Outcome;
}

function controllerOf(
  { pollSeconds }: BacktestOptions,
  { policy, spec }: ScalerFile,
  { trace, setup }: Pick<Run, 'trace' | 'setup'>,
): Controller {
  return lagscaler({
    policy,
    intervalSeconds: pollSeconds ?? spec.pollingIntervalSeconds,
    protocol: setup.rebalance.protocol,
    startMs: trace.startMs,
  });
}

/** Replicas to start with are bounded by the scaler, and it knows the threads of one. */
function setupFor({ policy, spec }: ScalerFile, setup: Setup): Setup {
  const { minReplicas, maxReplicas } = policy;
  const initialReplicas = Math.min(maxReplicas, Math.max(minReplicas, setup.initialReplicas));
  return { ...setup, initialReplicas, threadsPerReplica: spec.consumer.threadsPerReplica };
}

/** @param others none: the run stands for itself */
function report(run: Run, others: readonly Result[], io: Io): void {
  const { options, outcome } = run;
  const { metrics, log } = outcome;
  const standings = rank([{ name: 'lagscaler', family: 'lagscaler', metrics }, ...others]);
  if (options.output === 'json')
    io.out(
      json({
        ...metrics,
        ...(options.isExplained && { scalings: log.scalings }),
        ...(others.length > 0 && { compared: standings }),
      }),
    );
  else io.out(`${options.isExplained ? toActions(log.scalings) : ''}${toTable(standings)}`);
  if (options.plotFile !== undefined)
    write(options.plotFile, others.length > 0 ? frontierOf(run, standings) : timelineOf(run));
}

function timelineOf({ trace, setup, outcome }: Run): string {
  return timelineSvg({
    title: `lagscaler on ${trace.name}`,
    log: outcome.log,
    seconds: trace.rates.length,
    objectiveSeconds: setup.objectiveSeconds,
    faults: setup.faults,
  });
}

function frontierOf({ trace, setup }: Run, standings: readonly Standing[]): string {
  const { partitions, rebalance } = setup;
  const group = `${partitions} partitions, ${rebalance.protocol} rebalances of ${rebalance.pauseSeconds} s`;
  return frontierSvg({ title: `${trace.name}, ${group}`, standings });
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`${path}: cannot be written: ${code ?? message}`, { cause: error });
  }
}
