import type { GroupLagReport, LagReport, TimedRow } from './lag.ts';

/**
 * The report of `-o json`; docs/lag-command.md describes every field. Offsets are decimal strings, since
 * they may exceed what a JSON number keeps; what is unknown is null, never 0.
 */
export function toJson(report: LagReport): string {
  const value = { groups: report.groups.map(groupOf), errors: report.troubles };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

const groupOf = ({ group, description, rows, trouble }: GroupLagReport) => ({
  group,
  kind: description?.kind ?? null,
  state: description?.state ?? null,
  assignor: description?.assignor ?? null,
  members: description?.members ?? null,
  assignedMembers: description?.assignedMembers ?? null,
  partitions: rows.map(partitionOf),
  error: trouble ?? null,
});

const partitionOf = (row: TimedRow) => ({
  topic: row.topic,
  partition: row.partition,
  currentOffset: text(row.currentOffset),
  neverCommitted: row.neverCommitted,
  logStartOffset: text(row.logStartOffset),
  logEndOffset: text(row.logEndOffset),
  lag: text(row.lag),
  consumerId: row.member?.memberId ?? null,
  host: row.member?.host ?? null,
  clientId: row.member?.clientId ?? null,
  groupInstanceId: row.member?.groupInstanceId ?? null,
  behindSeconds: row.behindSeconds ?? null,
  arrivalRate: row.arrivalRate ?? null,
});

const text = (offset: bigint | undefined): string | null =>
  offset === undefined ? null : offset.toString();
