import type { IdleRow } from './idle.ts';
import { type KedaReaction, kedaIdle, kedaReactions } from './keda.ts';
import type { ReactionRow } from './reaction.ts';
import { type SagaResult, withoutLag } from './saga.ts';
import type { StartTimes } from './start.ts';
import { round } from './statistics.ts';

export type Cell = string | number;

/** The tables of docs/benchmarks.md, in Markdown. */
export function reactionTables(rows: readonly ReactionRow[]): string {
  const head = ['poll', 'from → to', 'runs', 'median', 'p99', 'goal for p99'];
  const more = ['p99 from sending', 'p99 from the acknowledgement', 'patches: mean (most)'];
  const ours = table(
    [...head, ...more, 'load average'],
    rows.map((row) => [
      ...[`${row.pollSeconds} s`, `${row.from} → ${row.to}`, row.runs],
      ...[row.p50Ms, row.p99Ms, row.goalP99Ms, row.fromSendP99Ms, row.fromAckP99Ms].map(ms),
      ...[`${row.patchesMean} (${row.patches})`, row.loadAverage],
    ]),
  );
  return `${ours}\n${reactionComparison(rows)}`;
}

function reactionComparison(rows: readonly ReactionRow[]): string {
  const polls = [...new Set(rows.map((row) => row.pollSeconds))];
  const head = ['from → to', 'compared with', 'its poll', 'min / median / max', 'patches'];
  const ratioTo = (keda: KedaReaction, pollSeconds: number): Cell => {
    const row = rows.find((one) => one.from === keda.from && one.pollSeconds === pollSeconds);
    return row ? `${round((keda.medianSeconds * 1000) / row.p50Ms, 1)}` : '';
  };
  return table(
    [...head, ...polls.map((poll) => `its median ÷ lagscaler's at ${poll} s`)],
    kedaReactions.map((keda) => [
      ...[`${keda.from} → 100`, keda.setting, keda.pollSeconds],
      `${keda.minSeconds} / ${keda.medianSeconds} / ${keda.maxSeconds} s`,
      keda.patches,
      ...polls.map((poll) => ratioTo(keda, poll)),
    ]),
  );
}

export interface Idle {
  readonly startToFirstDecision: StartTimes;
  readonly rows: readonly IdleRow[];
}

export function idleTables({ startToFirstDecision: start, rows }: Idle): string {
  const line = (title: string, pick: (row: IdleRow) => Cell) => [title, ...rows.map(pick)];
  const ours = table(
    ['', ...rows.map(({ scalers }) => `${scalers} scaler${scalers === 1 ? '' : 's'}`)],
    [
      line('polling interval', (row) => `${row.pollSeconds} s`),
      line('requests to the API server per minute, beside watches and lease', (row) =>
        String(row.kubeRequestsPerMinute),
      ),
      line('requests to Kafka per minute', (row) => row.kafkaRequestsPerMinute),
      line('resident memory', (row) => `${row.rssMiB} MiB`),
      line('CPU per minute', (row) => `${row.cpuSecondsPerMinute} s`),
      line('start of the process → every scaler decided', (row) => ms(row.allDecidedMs)),
      line('load average', (row) => row.loadAverage),
    ],
  );
  const { p50Ms, maxMs, runs } = start;
  const first = `Start of the process → first scale patch, with lag waiting: median ${ms(p50Ms)}, longest ${ms(maxMs)} of ${runs} runs.\n`;
  return `${ours}\n${first}\n${idleComparison(rows)}`;
}

function idleComparison(rows: readonly IdleRow[]): string {
  return table(
    ['', 'KEDA, poll 30 s', `lagscaler, poll ${rows[0]?.pollSeconds} s`, 'KEDA ÷ lagscaler'],
    kedaIdle.flatMap((keda) => {
      const row = rows.find((one) => one.scalers === keda.scalers);
      if (!row) return [];
      const at = `at ${keda.scalers}`;
      const memoryMB = round((row.rssMiB * 2 ** 20) / 1e6);
      return [
        compared(`Kafka requests per minute ${at}`, keda.kafkaRequests, row.kafkaRequestsPerMinute),
        compared(`CPU seconds per minute ${at}`, keda.cpuSeconds, row.cpuSecondsPerMinute),
        compared(`memory of the operator in MB ${at}`, keda.operatorMemoryMB, memoryMB),
      ];
    }),
  );
}

function compared(title: string, theirs: number, ours: number): Cell[] {
  return [title, theirs, ours, round(theirs / ours, 2)];
}

export function sagaTables(result: SagaResult): string {
  const { approvalsPerSecond, sagaMs, posts, memory, loadAverage } = result;
  const rows = posts.map((row) => {
    const { p50, p95, p99, max } = row.latencyMs;
    const ratio = round(p99 / withoutLag(posts, row.usersPerSecond), 2);
    return [
      ...[`${row.usersPerSecond}/s`, row.lag],
      ...[p50, p95, p99, max].map((time) => ms(round(time, 1))),
      ratio,
    ];
  });
  const posted = table(
    ['users', 'lag', 'POST p50', 'p95', 'p99', 'max', 'p99 ÷ p99 without lag'],
    rows,
  );
  const sizes = table(
    ['service', 'resident memory'],
    memory.map(({ service, rssMiB }) => [service, `${rssMiB} MiB`]),
  );
  const { p50, p95, p99 } = sagaMs;
  const saga = [p50, p95, p99].map((time) => ms(round(time))).join(', ');
  return `One approval replica with a backlog: ${approvalsPerSecond} messages/s.
POST to terminal at 25 users/s, without lag: p50, p95, p99 ${saga}.
Load average at the end: ${loadAverage}.

${posted}
${sizes}`;
}

function ms(value: number): string {
  return `${value} ms`;
}

export function table(head: readonly Cell[], rows: readonly (readonly Cell[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}
