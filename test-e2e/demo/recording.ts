import type { Answers } from '../approval-load.ts';

/** What the demo saw, second by second; the report and the chart are made from this alone. */
export interface Sample {
  /** Seconds since the load began. */
  readonly t: number;
  /** Undefined while it could not be read. */
  readonly lag: bigint | undefined;
  readonly producedPerSecond: number;
  readonly consumedPerSecond: number;
  readonly desired: number;
  readonly replicas: number;
  readonly ready: number;
  readonly reason: string;
}

export interface Phase {
  readonly title: string;
  readonly from: number;
}

export interface Recording {
  readonly samples: Sample[];
  readonly phases: Phase[];
  /** Accepted changes of spec.replicas: milliseconds since the load began, old and new count. */
  readonly scalings: { readonly atMs: number; readonly from: number; readonly to: number }[];
}

/** `.demo/report.json`; times in seconds since the load began unless the name says Ms. */
export interface Report {
  readonly scaleOutPatches: number;
  readonly replicas: [t: number, desired: number, ready: number][];
  readonly lag: [t: number, lag: number][];
  readonly reactionMs: number;
  readonly peakLag: number;
  readonly drainSeconds: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly rebalances: number;
  readonly sent: number;
  readonly approved: number;
  readonly rejected: number;
}

/**
 * @param run.dueAtMs when scaling out was due: the first record over the threshold was written, and the
 *   scaler was Active
 */
export function reportOf(
  { samples, scalings }: Recording,
  run: { readonly dueAtMs: number; readonly answers: Answers; readonly rebalances: number },
): Report {
  const known = samples.flatMap((s) =>
    s.lag === undefined ? [] : [{ t: s.t, lag: Number(s.lag) }],
  );
  const scaleOuts = scalings.filter((s) => s.to > s.from);
  const firstScaleOut = scaleOuts[0];
  if (!firstScaleOut) throw new Error('the demo saw no scale-out: see the operator log');
  const peak = known.reduce((a, b) => (b.lag > a.lag ? b : a), { t: 0, lag: 0 });
  const scaledAt = firstScaleOut.atMs / 1000;
  const drained = known.find((s) => s.t > scaledAt && s.lag <= peak.lag * 0.02);
  return {
    scaleOutPatches: scaleOuts.length,
    replicas: samples.map((s) => [s.t, s.desired, s.ready]),
    lag: known.map((s) => [s.t, s.lag]),
    reactionMs: Math.round(firstScaleOut.atMs - run.dueAtMs),
    peakLag: peak.lag,
    drainSeconds: drained ? Math.round((drained.t - scaledAt) * 10) / 10 : -1,
    lost: run.answers.lost,
    duplicated: run.answers.duplicated,
    rebalances: run.rebalances,
    sent: run.answers.sent,
    approved: run.answers.approved,
    rejected: run.answers.rejected,
  };
}

/** What must not have happened; each a sentence. */
export function problemsOf(report: Report): string[] {
  const [, , ready] = report.replicas.at(-1) ?? [0, 0, 0];
  const checks = [
    [report.lost > 0, `${report.lost} records were never answered`],
    [report.scaleOutPatches !== 1, `${report.scaleOutPatches} patches to scale out instead of one`],
    [report.drainSeconds < 0, 'the lag was not drained'],
    [ready !== 1, `${ready} replicas at the end instead of one`],
  ] as const;
  return checks.flatMap(([failed, problem]) => (failed ? [problem] : []));
}
