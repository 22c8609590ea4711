import type { Standing } from '../../backtest/compare.ts';
import type { Scaling } from '../../backtest/log.ts';
import type { Metrics } from '../../backtest/metrics.ts';

type Column = readonly [name: string, of: (standing: Standing) => string];

const columns: readonly Column[] = [
  ['CONTROLLER', ({ name }) => name],
  ['LATE', ({ metrics }) => percent(metrics.lateFraction)],
  ['MAX-AGE', ({ metrics }) => `${metrics.maxAgeSeconds} s`],
  ['P99-AGE', ({ metrics }) => `${metrics.p99AgeSeconds} s`],
  ['REPLICA-HOURS', ({ metrics }) => metrics.replicaHours.toFixed(1)],
  ['OF-STATIC', ({ metrics }) => percent(metrics.replicaHours / metrics.staticReplicaHours)],
  ['X-ORACLE', ({ metrics }) => (metrics.replicaHours / metrics.oracleReplicaHours).toFixed(2)],
  ['ACTIONS/DAY', ({ metrics }) => perDay(metrics, 'actions')],
  ['REBALANCES/DAY', ({ metrics }) => perDay(metrics, 'rebalances')],
];

/** One line for each controller; of several, those on the frontier have a star. */
export function toTable(standings: readonly Standing[]): string {
  const shown: readonly Column[] = standings.length > 1 ? [star, ...columns] : columns;
  const lines = [
    shown.map(([name]) => name),
    ...standings.map((standing) => shown.map(([, of]) => of(standing))),
  ];
  const widths = shown.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const texts = shown.length - columns.length + 1;
  return lines.map((line) => `${padded(line, widths, texts)}\n`).join('');
}

const star: Column = ['', ({ isOnFrontier }) => (isOnFrontier ? '*' : '')];

/** The first columns are text, the others are numbers. */
function padded(line: readonly string[], widths: readonly number[], texts: number): string {
  return line
    .map((cell, i) => (i < texts ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
    .join('  ');
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

function perDay(metrics: Metrics, count: 'actions' | 'rebalances'): string {
  return (metrics[count] / metrics.days).toFixed(1);
}

/** One line for each change of the replicas. */
export function toActions(scalings: readonly Scaling[]): string {
  return scalings
    .map(({ seconds, from, to, reason }) => `${clock(seconds)}  ${from} → ${to}  ${reason}\n`)
    .join('');
}

/** `1d 02:03:04` since the start of the trace. */
function clock(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const time = `${two((seconds % 86_400) / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  return `${Math.floor(seconds / 86_400)}d ${time}`;
}
