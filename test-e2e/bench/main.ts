/** `make bench`: how fast it reacts, what it costs while idle, and the demo services, into .bench/ and docs/benchmarks.md's tables. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Cluster } from '../cluster.ts';
import { openEmbeddedCluster } from '../clusters/embedded.ts';
import { createKubeReader, type KubeReader } from '../kube.ts';
import { stackDir } from '../local/paths.ts';
import { updatePage } from './docs.ts';
import { measureIdle, prepareIdle } from './idle.ts';
import { prepareOperator, type StartOperator } from './operator-process.ts';
import { measureReaction, type ReactionRow } from './reaction.ts';
import { measureSaga, sagaProblems } from './saga.ts';
import { createStage, type Stage } from './stage.ts';
import { measureStart } from './start.ts';
import { idleTables, reactionTables, sagaTables } from './tables.ts';

const parts = ['reaction', 'idle', 'saga'] as const;
const polls = [1, 5];
const out = resolve(import.meta.dirname, '../../.bench');

const settings = {
  parts: listOf('PARTS', parts),
  runs: numberOf('RUNS', 30),
  minutes: numberOf('MINUTES', 2),
  scalers: (process.env['SCALERS'] || '1,500').split(',').map(Number),
  rates: (process.env['RATES'] || '25,200').split(',').map(Number),
};
if ((process.env['CLUSTER'] || 'embedded') !== 'embedded')
  throw new Error('CLUSTER: the benchmarks run on the embedded stack only; unset it');

const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt.abort());
// kafkajs computes a negative timeout on this Node, harmlessly (traps K9).
process.removeAllListeners('warning').on('warning', (warning) => {
  if (warning.name !== 'TimeoutNegativeWarning') console.error(warning.stack);
});

mkdirSync(out, { recursive: true });
const dir = stackDir(process.env['STACK'] || 'bench');
const cluster = await openEmbeddedCluster({ log: console.log, signal: interrupt.signal, dir });
const kube = createKubeReader(cluster.kubeconfig);
// However deep in a measurement: the stack ends, and with it all that was made on it.
interrupt.signal.addEventListener('abort', () => void end(130));
let failure: unknown;
try {
  const start = await prepareOperator(cluster, dir, join(out, 'operator.log'));
  if (settings.parts.includes('reaction')) await reaction(start);
  if (settings.parts.includes('idle')) await idle(start);
  if (settings.parts.includes('saga')) await saga();
} catch (error) {
  failure = error;
  console.error(error);
}
await end(failure ? 1 : 0);

async function reaction(start: StartOperator): Promise<void> {
  await onStage(cluster, kube, 'bench-reaction', async (stage) => {
    const rows: ReactionRow[] = [];
    for (const pollSeconds of polls)
      rows.push(...(await measureReaction(stage, start, { runs: settings.runs, pollSeconds })));
    write('reaction', rows, reactionTables(rows));
  });
}

async function idle(start: StartOperator): Promise<void> {
  await onStage(cluster, kube, 'bench-idle', async (stage) => {
    const runs = Math.min(5, settings.runs);
    const startToFirstDecision = await measureStart(stage, start, runs);
    const scalers = await prepareIdle(stage);
    const rows = [];
    for (const count of settings.scalers) {
      await scalers.grow(count);
      rows.push(await measureIdle(start, { scalers: count, minutes: settings.minutes }));
    }
    const result = { startToFirstDecision, rows };
    write('idle', result, idleTables(result));
  });
}

async function saga(): Promise<void> {
  const result = await measureSaga(cluster, settings.rates);
  write('saga', result, sagaTables(result));
  const problems = sagaProblems(result);
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

async function onStage(
  cluster: Cluster,
  kube: KubeReader,
  name: string,
  work: (stage: Stage) => Promise<void>,
): Promise<void> {
  const stage = await createStage(cluster, kube, `${name}-${Date.now()}`);
  await work(stage);
  await stage.close();
}

function write(name: string, result: object, tables: string): void {
  writeFileSync(join(out, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(join(out, `${name}.md`), tables);
  if (process.env['DOCS'] === '1') updatePage(name, tables);
  console.log(`\n${tables}`);
}

async function end(code: number): Promise<never> {
  await kube.close();
  await cluster.stack?.stop({ purge: true });
  process.exit(code); // ends the operator too, and connections of the Kafka clients
}

function listOf<T extends string>(name: string, allowed: readonly T[]): readonly T[] {
  const asked = (process.env[name] || allowed.join()).split(',');
  const unknown = asked.find((one) => !allowed.some((known) => known === one));
  if (unknown !== undefined)
    throw new Error(`${name}: set some of ${allowed.join(',')}, not "${unknown}"`);
  return allowed.filter((known) => asked.includes(known));
}

function numberOf(name: string, fallback: number): number {
  const value = Number(process.env[name] || fallback);
  if (value > 0) return value;
  throw new Error(`${name}: set a number greater than 0`);
}
