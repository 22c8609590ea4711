import { formatRate } from '../../autoscaler/rates.ts';
import type { GroupLagReport, TimedRow } from './lag.ts';

/** The columns of `kafka-consumer-groups --describe`, then two of our own. */
const columns: readonly (readonly [name: string, of: (row: TimedRow) => unknown])[] = [
  ['TOPIC', (row) => row.topic],
  ['PARTITION', (row) => row.partition],
  ['CURRENT-OFFSET', (row) => row.currentOffset],
  ['LOG-END-OFFSET', (row) => row.logEndOffset],
  ['LAG', (row) => row.lag],
  ['CONSUMER-ID', (row) => row.member?.memberId],
  ['HOST', (row) => row.member?.host],
  ['CLIENT-ID', (row) => row.member?.clientId],
  ['BEHIND', (row) => rounded(row.behindSeconds)],
  ['RATE', ({ arrivalRate: rate }) => (rate === undefined ? rate : formatRate(rate))],
];

/** One line per row under one line of names; `-` where there is no value; empty without rows. */
export function toTable(groups: readonly GroupLagReport[]): string {
  const rows = groups.flatMap(({ group, rows }) =>
    rows.map((row) => [group, ...columns.map(([, of]) => `${of(row) ?? '-'}`)]),
  );
  if (rows.length === 0) return '';
  const lines = [['GROUP', ...columns.map(([name]) => name)], ...rows];
  const widths = columns.map((_, i) => lines.reduce((w, line) => Math.max(w, widthOf(line, i)), 0));
  return lines.map((line) => `${padded(line, widths)}\n`).join('');
}

const widthOf = (line: readonly string[], column: number): number => line[column]?.length ?? 0;

/** The last column needs no padding. */
const padded = (line: readonly string[], widths: readonly number[]): string =>
  line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ');

const rounded = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : String(Math.round(value * 10) / 10);

const rebalancing = ['PreparingRebalance', 'CompletingRebalance', 'Assigning', 'Reconciling'];

/** What Kafka's tool says about the state of a group, in its words. */
export function toNotes(groups: readonly GroupLagReport[]): readonly string[] {
  return groups.flatMap(({ group, description }) => {
    const state = description?.state ?? '';
    if (state === 'Empty') return [`Consumer group '${group}' has no active members.`];
    return rebalancing.includes(state)
      ? [`Warning: Consumer group '${group}' is rebalancing.`]
      : [];
  });
}
