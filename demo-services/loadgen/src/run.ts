import { writeFile } from 'node:fs/promises';
import type { Logger } from '@lagscaler/demo-shared/log.ts';
import type { Config } from './config.ts';
import { type Follower, followOperations } from './follow-operations.ts';
import { generateLoad, type LoadReport } from './generate-load.ts';
import type { LoadCounts } from './load-tally.ts';
import { formatJson, formatText, isAllRight, type Report } from './report.ts';

export interface StopSignals {
  /** Ends the schedule. */
  readonly stop: AbortSignal;
  /** Ends the waiting, for answers and for terminal states. */
  readonly giveUp: AbortSignal;
}

const progressEveryMs = 10_000;

/** Generates, follows when asked to, and reports. @returns whether everything went right */
export async function run(
  config: Config,
  log: Logger,
  print: (text: string) => void,
  signals: StopSignals,
): Promise<boolean> {
  const follower = config.wait
    ? followOperations({ target: config.target, intervalMs: config.waitIntervalMs })
    : undefined;
  try {
    const load = await loadWithProgress(config, log, follower, signals);
    const report = await withTerminalStates(load, follower, config.waitTimeoutMs, signals.giveUp);
    print(config.output === 'json' ? formatJson(report) : formatText(report));
    if (config.reportFile !== undefined) await writeFile(config.reportFile, formatJson(report));
    return isAllRight(report);
  } finally {
    await follower?.stop();
  }
}

async function loadWithProgress(
  config: Config,
  log: Logger,
  follower: Follower | undefined,
  { stop, giveUp }: StopSignals,
): Promise<LoadReport> {
  let progress: NodeJS.Timeout | undefined;
  const onStarted = (counts: () => LoadCounts) => {
    const tell = () =>
      log.info({ ...counts(), saga: follower && progressOf(follower) }, 'progress');
    progress = setInterval(tell, progressEveryMs);
  };
  const observing = follower && { observer: follower.observer };
  try {
    return await generateLoad({ ...config, ...observing, giveUp, onStarted }, stop);
  } finally {
    clearInterval(progress);
  }
}

function progressOf(follower: Follower) {
  const { accepted, terminal, unexpected, sagaMs, lookErrors } = follower.report();
  return { accepted, terminal, unexpected, sagaMs, lookErrors };
}

async function withTerminalStates(
  load: LoadReport,
  follower: Follower | undefined,
  waitTimeoutMs: number,
  giveUp: AbortSignal,
): Promise<Report> {
  if (follower === undefined) return load;
  const enough = AbortSignal.any([giveUp, AbortSignal.timeout(waitTimeoutMs)]);
  return { ...load, saga: await follower.settled(enough) };
}
