/** `npm run reality-check`: the same load on real consumers and in the simulation, into .bench/reality.json. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { openEmbeddedCluster } from '../../clusters/embedded.ts';
import { installOperator } from '../../install.ts';
import { createKubeReader } from '../../kube.ts';
import { stackDir } from '../../local/paths.ts';
import { approval } from '../../timed-consumers.ts';
import { updatePage } from '../docs.ts';
import { round } from '../statistics.ts';
import { measured } from './measure.ts';
import { type Played, play } from './play.ts';
import { type PlotInput, realitySvg } from './plot.ts';
import { argsOf, predict, type Question } from './predict.ts';
import { problemsOf, type RealityResult, realityTables } from './tables.ts';
import { csvOf, type RealityTrace, realityTraces } from './traces.ts';

const out = resolve(import.meta.dirname, '../../../.bench');
const partitions = 40;
const workMs = 200;
const seeds = Array.from({ length: 10 }, (_, i) => i + 1);
/** The times of a day, compressed like the traces. */
const spec = {
  minReplicas: 1,
  maxReplicas: partitions,
  pollingIntervalSeconds: 5,
  sizing: {
    timeLag: {
      objectiveSeconds: 30,
      drainSeconds: 60,
      tuning: { settleSeconds: 10, downWindowSeconds: 60, minDownIntervalSeconds: 60 },
    },
  },
};
const chosen = (process.env['TRACES'] || realityTraces.map(({ name }) => name).join()).split(',');
/** Only the simulation, of what an earlier run has left in .bench. */
const isReplay = process.env['REPLAY'] === '1';

const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt.abort());
// kafkajs computes a negative timeout on this Node, harmlessly (traps K9).
process.removeAllListeners('warning').on('warning', (warning) => {
  if (warning.name !== 'TimeoutNegativeWarning') console.error(warning.stack);
});

mkdirSync(out, { recursive: true });
const traces = realityTraces.filter(({ name }) => chosen.includes(name));
const scalerFile = join(out, 'reality-scaler.yaml');
const played = isReplay ? readPlayed() : await playAll();
const results: RealityResult[] = [];
for (const trace of traces) results.push(await compare(trace, played[trace.name]));
report(results);
process.exit();

interface Kept extends Played {
  readonly loadAverage: number;
}

async function playAll(): Promise<Readonly<Record<string, Kept>>> {
  const dir = stackDir(process.env['STACK'] || 'reality');
  const cluster = await openEmbeddedCluster({ log: console.log, signal: interrupt.signal, dir });
  const kube = createKubeReader(cluster.kubeconfig);
  interrupt.signal.addEventListener('abort', async () => {
    await cluster.stack?.stop({ purge: true });
    process.exit(130);
  });
  try {
    await installOperator(cluster);
    const kept: Record<string, Kept> = {};
    for (const trace of traces) {
      console.log(`\n${trace.name}: ${trace.seconds} s`);
      const run = await play(trace, { cluster, kube, partitions, workMs, spec });
      kept[trace.name] = { ...run, loadAverage: round(loadavg()[2] ?? 0, 1) };
      writeFileSync(playedFile(trace), JSON.stringify(kept[trace.name]));
    }
    return kept;
  } finally {
    await kube.close();
    await cluster.stack?.stop({ purge: true });
  }
}

function readPlayed(): Readonly<Record<string, Kept>> {
  return Object.fromEntries(
    traces.map((trace) => [trace.name, JSON.parse(readFileSync(playedFile(trace), 'utf8'))]),
  );
}

function playedFile({ name }: RealityTrace): string {
  return join(out, `reality-${name}.json`);
}

async function compare(trace: RealityTrace, run: Kept | undefined): Promise<RealityResult> {
  if (!run) throw new Error(`${trace.name} was not played`);
  const csv = join(out, `reality-${trace.name}.csv`);
  writeFileSync(csv, csvOf(trace));
  const scaler = { kind: 'KafkaConsumerScaler', spec: simulatedSpec() };
  writeFileSync(scalerFile, stringify(scaler));
  const question: Question = {
    trace: csv,
    scaler: scalerFile,
    partitions,
    startReplicas: trace.startReplicas,
    capacityPerReplica: run.capacityPerReplica,
    measured: measured(run.samples),
  };
  const predicted = [];
  for (const seed of seeds) predicted.push(await predict(question, seed));
  return {
    trace: trace.name,
    command: argsOf(question).join(' '),
    real: { ...question.measured, oldestSeconds: run.oldestSeconds },
    capacityPerReplica: run.capacityPerReplica,
    predicted,
    loadAverage: run.loadAverage,
  };
}

function simulatedSpec() {
  const target = { scaleTargetRef: { name: approval }, consumer: { group: approval } };
  return { ...target, kafka: { bootstrapServers: ['kafka:9092'] }, ...spec };
}

function report(results: readonly RealityResult[]): void {
  writeFileSync(join(out, 'reality.json'), `${JSON.stringify(results, null, 2)}\n`);
  const svg = realitySvg(results.flatMap(plotOf));
  writeFileSync(join(out, 'reality.svg'), svg);
  const tables = realityTables(results);
  if (process.env['DOCS'] === '1') {
    updatePage('reality', tables);
    writeFileSync(resolve(out, '../docs/reality-check.svg'), svg);
  }
  console.log(`\n${tables}`);
  for (const problem of results.flatMap(problemsOf)) {
    console.error(`✗ ${problem}`);
    process.exitCode = 1;
  }
}

function plotOf({ trace: name, real, predicted }: RealityResult): PlotInput[] {
  const trace = traces.find((one) => one.name === name);
  if (!trace) return [];
  const start = [0, trace.startReplicas] as const;
  return [
    {
      trace,
      real: [start, ...real.actions.map(({ t, to }) => [t, to] as const)],
      simulated: predicted.map(({ scalings }) => [
        start,
        ...scalings.map(({ seconds, to }) => [seconds, to] as const),
      ]),
    },
  ];
}
