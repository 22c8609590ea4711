import type { FollowReport } from './follow-operations.ts';
import type { LoadReport } from './generate-load.ts';
import type { TimeSummary } from './times.ts';
import type { UserProblem } from './user-balance.ts';

/** Without `saga`: the terminal states were not waited for. */
export interface Report extends LoadReport {
  readonly saga?: FollowReport;
}

/** Every request of the schedule accepted and, when waited for, every operation ended as predicted. */
export function isAllRight({ due, accepted, saga }: Report): boolean {
  return accepted === due && (saga === undefined || saga.balanced);
}

export function formatJson(report: Report): string {
  return `${JSON.stringify({ ...report, ok: isAllRight(report) }, null, 2)}\n`;
}

export function formatText(report: Report): string {
  const { saga } = report;
  const lines = [...loadLines(report), ...(saga === undefined ? [] : sagaLines(saga))];
  return `${lines.map(([label, text]) => `${label.padEnd(14)}${text}`).join('\n')}\n`;
}

type Line = readonly [label: string, text: string];

function loadLines(report: LoadReport): readonly Line[] {
  const { byStatus, byCode } = report.errors;
  const statuses = Object.entries(byStatus).map(([status, count]) => `status ${status}: ${count}`);
  const errors = [...statuses, counted(byCode)].filter((text) => text !== '').join(', ');
  const seconds = (report.durationMs / 1_000).toFixed(1);
  return [
    ['target', report.target],
    [
      'sent',
      `${report.sent} of ${report.due} due in ${seconds} s: ${report.achievedPerSecond.toFixed(2)} of ${report.requestedPerSecond.toFixed(2)} users/s, ${report.deniedNames} denied names`,
    ],
    ['accepted', `${report.accepted}`],
    ['errors', errors || 'none'],
    ['latency', `${times(report.latencyMs)}, from the intended send time`],
    ['send delay', `${times(report.sendDelayMs)}, ${report.late} waited for a free connection`],
  ];
}

function sagaLines(saga: FollowReport): readonly Line[] {
  const { expected, resolutionMs } = saga;
  const precision =
    resolutionMs === undefined
      ? ''
      : `, seen up to ${ms(resolutionMs.p50)} (p50), ${ms(resolutionMs.max)} (max) late`;
  return [
    ['saga', `${times(saga.sagaMs)}, from the intended send time${precision}`],
    [
      'terminal',
      `${saga.terminal} of ${saga.accepted} accepted: ${saga.completed} completed (${expected.completed} expected), ${saga.failed} failed (${expected.failed} expected)`,
    ],
    ...optional('failed by', counted(saga.failedBy)),
    ...optional('look errors', counted(saga.lookErrors)),
    ...saga.notTerminalExamples.map(
      ({ uuid, name, state }): Line => ['not terminal', `${uuid} ${name}: ${state}`],
    ),
    ...saga.unexpectedExamples.map(
      ({ uuid, name, expected, state, error }): Line => [
        'unexpected',
        `${uuid} ${name}: ${state}${error === undefined ? '' : ` (${error})`} instead of ${expected}`,
      ],
    ),
    ...saga.users.examples.map(
      ({ uuid, state, user, problem }): Line => [
        'user',
        `${problems[problem]}: operation ${uuid} ${state}, user ${user.uuid ?? '-'}, approved ${user.approved ?? '-'}`,
      ],
    ),
    ['balance', saga.balanced ? allBalanced : notBalanced(saga)],
  ];
}

const allBalanced = 'created = terminal, all as predicted, one user per operation';

const problems: Readonly<Record<UserProblem['problem'], string>> = {
  withoutUser: 'without a user',
  sharedUser: 'with the user of another',
  otherwiseApproved: 'approved otherwise',
};

function notBalanced({ notTerminal, unexpected, duplicateUuids, users }: FollowReport): string {
  const found = [
    `${notTerminal} not terminal`,
    `${unexpected} unexpected`,
    `${duplicateUuids} uuids given twice`,
    `${users.withoutUser} ${problems.withoutUser}`,
    `${users.sharedUser} ${problems.sharedUser}`,
    `${users.otherwiseApproved} ${problems.otherwiseApproved}`,
  ];
  return `NOT BALANCED: ${found.join(', ')}`;
}

function optional(label: string, text: string): readonly Line[] {
  return text === '' ? [] : [[label, text]];
}

function counted(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([what, count]) => `${what}: ${count}`)
    .join(', ');
}

function times(summary: TimeSummary | undefined): string {
  if (summary === undefined) return 'none measured';
  const { p50, p95, p99, max } = summary;
  return `p50 ${ms(p50)}, p95 ${ms(p95)}, p99 ${ms(p99)}, max ${ms(max)}`;
}

function ms(value: number): string {
  return `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}
