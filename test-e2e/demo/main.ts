/** `make demo`: real consumer pods follow real lag, told live. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openCluster } from '../cluster.ts';
import { stackDir } from '../local/paths.ts';
import { chartOf } from './chart.ts';
import { demoProfile } from './profiles.ts';
import { problemsOf, type Report, reportOf } from './recording.ts';
import { prepareStage, runStory } from './story.ts';
import { lookAround, summaryOf } from './summary.ts';

const profile = demoProfile(process.env['PROFILE']);
const exitAfterwards = process.env['EXIT'] === '1';
const out = resolve(import.meta.dirname, '../../.demo');
const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt.abort());
// kafkajs computes a negative timeout on this Node, harmlessly (traps K9).
process.removeAllListeners('warning').on('warning', (warning) => {
  if (warning.name !== 'TimeoutNegativeWarning') console.error(warning.stack);
});

const cluster = await openCluster(process.env['CLUSTER'], {
  log: console.log,
  signal: interrupt.signal,
  dir: stackDir(process.env['STACK'] || 'demo'),
});
try {
  console.log(`demo on ${cluster.description}\n${profile.title}\n`);
  const stage = await prepareStage(cluster, profile);
  const { recording, run, uuid } = await runStory(stage, interrupt.signal);
  const report = reportOf(profile, recording, run);
  writeResults(report, chartOf(recording));
  console.log(summaryOf(report, out));
  const problems = problemsOf(report, profile);
  for (const problem of problems) console.error(`✗ ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
  if (!exitAfterwards) {
    console.log(lookAround(stage, uuid));
    await untilInterrupted();
  }
  await stage.close();
} finally {
  await cluster.close();
}
// Keep-alive connections of the Kafka clients must not keep the terminal.
process.exit();

function writeResults(report: Report, chart: string): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(out, 'chart.svg'), chart);
}

function untilInterrupted(): Promise<void> {
  return new Promise((done) => {
    if (interrupt.signal.aborted) done();
    const alive = setInterval(() => {}, 60_000);
    interrupt.signal.addEventListener('abort', () => {
      clearInterval(alive);
      done();
    });
  });
}
