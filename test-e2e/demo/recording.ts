import type { Balance } from '../saga-balance.ts';
import type { DemoProfile } from './profiles.ts';

/** What the demo saw, second by second; the report and the chart are made from this alone. */
export interface Sample {
  /** Seconds since the load began. */
  readonly t: number;
  /** Of user-approve; undefined while it could not be read. */
  readonly lag: bigint | undefined;
  readonly otherLags: Readonly<Record<string, bigint | undefined>>;
  /** Records written to the four topics, each counted once. */
  readonly eventsPerSecond: number;
  /** Records written to user-approve. */
  readonly arrivalsPerSecond: number;
  /** Records of user-approve committed. */
  readonly approvalsPerSecond: number;
  /** Of user-approval-service, as are `wish`, `replicas`, `ready`, `reason` and `limited`. */
  readonly desired: number;
  /** What the load alone asks for, before anything that it has to wait for. */
  readonly wish: number;
  readonly replicas: number;
  readonly ready: number;
  readonly otherReplicas: Readonly<Record<string, number>>;
  readonly nodes: number;
  /** Records per second of one replica, as the scaler has learned it: less where the machine is busy. */
  readonly capacity: number | undefined;
  readonly reason: string;
  /** Reason of the condition ScalingLimited. */
  readonly limited: string;
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
  /** What the scaler says of each of them. */
  readonly explained: Explained[];
}

export interface Explained {
  readonly time: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  readonly message: string;
}

export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** One accepted POST: when it was to be sent, and how long its SAGA took from then. */
export interface SagaTime {
  readonly dueAtMs: number;
  readonly durationMs: number;
}

/** What the run itself counted, beside what the recorder saw. */
export interface Run {
  /** When scaling out was due: lag was over the threshold, and the scaler Active. */
  readonly dueAtMs: number;
  /** Until here the lag was not yet drained. */
  readonly drainedAtMs: number;
  readonly rebalances: number;
  readonly posts: {
    readonly sent: number;
    readonly accepted: number;
    readonly errors: unknown;
    readonly latencyMs: unknown;
  };
  readonly sagas: readonly SagaTime[];
  readonly balance: Balance;
}

/** `.demo/report.json`; times in seconds since the load began unless the name says Ms. */
export type Report = ReturnType<typeof reportOf>;

export function reportOf(
  profile: DemoProfile & { readonly name: string },
  { samples, scalings, explained, phases }: Recording,
  run: Run,
) {
  const known = samples.flatMap((s) =>
    s.lag === undefined ? [] : [{ t: s.t, lag: Number(s.lag) }],
  );
  const scaleOuts = scalings.filter((s) => s.to > s.from && s.atMs >= run.dueAtMs);
  const firstScaleOut = scaleOuts[0];
  if (!firstScaleOut) throw new Error('the demo saw no scale-out: see the operator log');
  const peak = known.reduce((a, b) => (b.lag > a.lag ? b : a), { t: 0, lag: 0 });
  const scaledAt = firstScaleOut.atMs / 1000;
  const drained = known.find((s) => s.t > scaledAt && s.lag <= peak.lag * 0.02);
  const { operations, completed, failed, duplicates } = run.balance;
  return {
    profile: profile.name,
    workMs: profile.workMs,
    partitions: profile.partitions,
    phases,
    firstScaleOut: { from: firstScaleOut.from, to: firstScaleOut.to },
    scaleOutPatches: scaleOuts.length,
    scalings,
    explained,
    settled: settledOf(samples, scalings, phases),
    fallingBehind: fallingBehindOf(samples, run.dueAtMs),
    approvalsPerSecondWhileDraining: averageOf(
      samples.filter(
        ({ ready, replicas, t }) =>
          ready === replicas && t * 1000 > run.dueAtMs && t * 1000 < run.drainedAtMs,
      ),
      (s) => s.approvalsPerSecond,
    ),
    reactionMs: Math.round(firstScaleOut.atMs - run.dueAtMs),
    peakLag: peak.lag,
    drainSeconds: drained ? Math.round((drained.t - scaledAt) * 10) / 10 : -1,
    rebalances: run.rebalances,
    mostReadyReplicas: Math.max(...samples.map((s) => s.ready)),
    mostApprovalsPerSecond: Math.max(...samples.map((s) => s.approvalsPerSecond)),
    limited: [...new Set(samples.map((s) => s.limited))].filter((reason) => reason !== ''),
    posts: run.posts,
    sagaMs: {
      before: percentilesOf(run.sagas, 0, run.dueAtMs),
      during: percentilesOf(run.sagas, run.dueAtMs, run.drainedAtMs),
      after: percentilesOf(run.sagas, run.drainedAtMs, Number.POSITIVE_INFINITY),
    },
    balance: {
      created: run.posts.accepted,
      terminal: completed + failed,
      approved: completed,
      rejected: failed,
      lost: run.posts.accepted - operations,
      duplicates,
    },
    lost: Math.max(0, run.posts.accepted - completed - failed),
    duplicated: duplicates['user-approve-response'],
    series: {
      events: samples.map((s) => [s.t, s.eventsPerSecond]),
      lag: known.map((s) => [s.t, s.lag]),
      replicas: samples.map((s) => [s.t, s.desired, s.ready]),
      nodes: samples.map((s) => [s.t, s.nodes]),
      approvals: samples.map((s) => [s.t, s.approvalsPerSecond]),
    },
  };
}

/** Before the load stopped or changed: the size then, and how often the replicas had turned round. */
function settledOf(
  samples: readonly Sample[],
  scalings: Recording['scalings'],
  phases: readonly Phase[],
) {
  const [, , next] = phases;
  const until = next?.from ?? Number.POSITIVE_INFINITY;
  const signs = scalings
    .filter(({ atMs }) => atMs < until * 1000)
    .map(({ from, to }) => Math.sign(to - from));
  return {
    replicas: samples.findLast(({ t }) => t < until)?.replicas ?? 0,
    capacityPerReplica: samples.findLast(({ t }) => t < until)?.capacity,
    turns: signs.filter((sign, i) => i > 0 && sign !== signs[i - 1]).length,
  };
}

function fallingBehindOf(samples: readonly Sample[], untilMs: number) {
  const phase = samples.filter((s) => s.t * 1000 <= untilMs);
  return {
    lag: Number(phase.findLast((s) => s.lag !== undefined)?.lag ?? -1n),
    // The first seconds belong to the start.
    eventsPerSecond: averageOf(phase.slice(5), (s) => s.eventsPerSecond),
  };
}

function averageOf(samples: readonly Sample[], pick: (s: Sample) => number): number {
  const total = samples.reduce((sum, s) => sum + pick(s), 0);
  return Math.round((10 * total) / Math.max(1, samples.length)) / 10;
}

/** Nearest rank, of the operations that were due within [from, to). */
function percentilesOf(
  sagas: readonly SagaTime[],
  from: number,
  to: number,
): Percentiles | undefined {
  const times = sagas
    .filter(({ dueAtMs }) => dueAtMs >= from && dueAtMs < to)
    .map(({ durationMs }) => durationMs)
    .sort((a, b) => a - b);
  if (times.length === 0) return undefined;
  const at = (share: number) => Math.round(times[Math.ceil(share * times.length) - 1] ?? 0);
  return { count: times.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** What must not have happened, or was not seen; each a sentence. */
export function problemsOf(report: Report, profile: DemoProfile): string[] {
  const { maxReplicas, partitions } = profile;
  const [, , ready] = report.series.replicas.at(-1) ?? [0, 0, 0];
  const capped = partitions < maxReplicas;
  const { sagaMs, balance } = report;
  const checks = [
    ...fallingBehindChecks(report, profile),
    [report.lost > 0, `${report.lost} operations never became terminal`],
    [balance.rejected === 0 || balance.approved === 0, 'not both outcomes were seen'],
    [report.posts.accepted !== report.posts.sent, 'some requests were not answered with 202'],
    ...sizeChecks(report, profile),
    [report.drainSeconds < 0, 'the lag was not drained'],
    [!sagaMs.before || !sagaMs.during, 'no SAGA was timed before or during scaling'],
    [
      capped && !report.limited.includes('PartitionLimited'),
      'the limit by partitions was not told',
    ],
    [
      capped &&
        report.approvalsPerSecondWhileDraining > (1.05 * partitions * 1000) / profile.workMs,
      `${report.approvalsPerSecondWhileDraining} approvals/s are more than ${partitions} partitions allow`,
    ],
    [
      ready !== profile.minReplicas,
      `${ready} replicas at the end instead of ${profile.minReplicas}`,
    ],
  ] as const;
  return checks.flatMap(([failed, problem]) => (failed ? [problem] : []));
}

/** By lag: all that there may be. By time: what the load needs, without a saw-tooth. */
function sizeChecks(
  { mostReadyReplicas, settled }: Report,
  { catchUp, maxReplicas, partitions, usersPerSecond, workMs }: DemoProfile,
): (readonly [boolean, string])[] {
  const most = Math.min(maxReplicas, partitions);
  const wrong = `${mostReadyReplicas} replicas at most, where ${most} were needed`;
  if (catchUp.kind !== 'settle') return [[mostReadyReplicas !== most, wrong]];
  const { replicas, turns, capacityPerReplica = 1000 / workMs } = settled;
  const needed = Math.ceil(usersPerSecond / capacityPerReplica);
  return [
    [
      replicas < needed || replicas > 2 * needed,
      `it settled at ${replicas} replicas, where the load keeps ${needed} busy`,
    ],
    [turns > 1, `the replicas turned round ${turns} times: up and then down is once`],
  ];
}

/** Too small a backlog says nothing. */
const leastBacklog = 100;

/** Phase 1: what one replica cannot do is left, and each user is four records once it is through. */
function fallingBehindChecks(
  { fallingBehind }: Report,
  { usersPerSecond, workMs, fallingBehindSeconds }: DemoProfile,
): (readonly [boolean, string])[] {
  const perReplica = 1000 / workMs;
  const lag = (usersPerSecond - perReplica) * fallingBehindSeconds;
  if (lag < leastBacklog) return [];
  const events = 2 * usersPerSecond + 2 * perReplica;
  return [
    [
      isOff(fallingBehind.lag, lag),
      `phase 1 ended with a lag of ${fallingBehind.lag}, not about ${lag}`,
    ],
    [
      isOff(fallingBehind.eventsPerSecond, events),
      `phase 1 had ${fallingBehind.eventsPerSecond} events/s, not about ${events}`,
    ],
  ];
}

/** By more than a tenth. */
function isOff(value: number, expected: number): boolean {
  return Math.abs(value - expected) > expected / 10;
}
