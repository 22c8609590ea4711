/** `make bench-lag`: what reading lag costs, beside kafkajs, and whether it is right; see docs/benchmarks.md. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { stackDir } from '../../local/paths.ts';
import { consoleProgress } from '../../local/progress.ts';
import { updatePage } from '../docs.ts';
import { purgeBrokers } from './brokers.ts';
import { casesOf, type LagCase } from './cases.ts';
import { type Measured, measure } from './measure.ts';
import { describeAllGroups, truthFor } from './oracle.ts';
import { type Prepared, prepare } from './prepare.ts';
import type { LagRow } from './row.ts';
import { groupCount, lagTables } from './tables.ts';
import { countWrong } from './wrong.ts';

const { values: options } = parseArgs({
  allowNegative: true,
  options: {
    only: { type: 'string' },
    client: { type: 'string' },
    ticks: { type: 'string', default: '18' },
    profile: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    check: { type: 'boolean', default: true },
    end: { type: 'boolean', default: false },
  },
});
const ticks = Number(options.ticks);
if (!(ticks > 0)) throw new Error('--ticks: set a number greater than 0');
const out = resolve(import.meta.dirname, '../../../.bench');
const dir = stackDir(process.env['STACK'] || 'bench-lag');
const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt.abort());
// kafkajs computes a negative timeout on this Node, harmlessly (traps K9).
process.removeAllListeners('warning').on('warning', (warning) => {
  if (warning.name !== 'TimeoutNegativeWarning') console.error(warning.stack);
});
const { signal } = interrupt;
const progress = consoleProgress();

mkdirSync(out, { recursive: true });
let code = 0;
try {
  if (!options.end) code = await bench();
} catch (error) {
  code = signal.aborted ? 130 : 1;
  if (!signal.aborted) console.error(error);
}
if (!options.keep) await progress.step('clean up', () => purgeBrokers(dir));
process.exit(code);

interface Done extends Measured {
  readonly of: LagCase;
}

async function bench(): Promise<number> {
  const cases = casesOf(options.only, options.client);
  const done: Done[] = [];
  let last: Prepared | undefined;
  for (const one of cases) {
    last = await prepare(one.layout, { dir, progress, signal });
    // Where not all groups of their own fit, those that do.
    const of = { ...one, groups: Math.min(one.groups, last.groups) };
    for (const client of of.clients) done.push(await measureOne(client, of, last));
  }
  if (!last) return 0;
  return tell(options.check ? await checked(done, last) : done.map(({ row }) => row));
}

function titleOf(client: LagRow['client'], { name, groups }: LagCase): string {
  return `${client}, case ${name}: ${groupCount(groups)}`;
}

function measureOne(client: LagRow['client'], of: LagCase, { brokers }: Prepared): Promise<Done> {
  // kafkajs has no slower schedules that a mean would have to hold, and at 1,000 groups no tick to spare.
  const most = client === 'kafkajs' ? 10 : Number.POSITIVE_INFINITY;
  const subjects = { ...of, ticks: Math.min(ticks, most) };
  return progress.step(titleOf(client, of), async (update) => {
    const measured = await measure(client, subjects, brokers, {
      out,
      profile: options.profile,
      signal,
    });
    const { wallMs, cpuMs, requests, rssMiB } = measured.row;
    update(`${wallMs} ms, CPU ${cpuMs} ms, ${requests} requests, ${rssMiB} MiB`);
    return { ...measured, of };
  });
}

/** Compares all values with Kafka's own tool; nothing has been written since they were seeded. */
async function checked(done: readonly Done[], { brokers }: Prepared): Promise<LagRow[]> {
  const truth = await progress.step('kafka-consumer-groups', () => describeAllGroups(brokers));
  return done.map(({ of, row, values }) => {
    const { wrong, examples } = countWrong(values, truthFor(truth, of.layout, of.groups));
    for (const example of examples) console.log(`${titleOf(row.client, of)}: ${example}`);
    return { ...row, wrong };
  });
}

/** @returns the exit code: a wrong value of ours is a failure of the benchmark */
function tell(rows: readonly LagRow[]): number {
  const tables = lagTables(rows);
  writeFileSync(join(out, 'lag.json'), `${JSON.stringify(rows, null, 2)}\n`);
  writeFileSync(join(out, 'lag.md'), tables);
  if (process.env['DOCS'] === '1') updatePage('lag', tables);
  console.log(`\n${tables}`);
  const wrong = rows.some((row) => row.client === 'lagscaler' && (row.wrong ?? 0) > 0);
  if (wrong) console.error('lagscaler has told wrong values: see above');
  return wrong ? 1 : 0;
}
