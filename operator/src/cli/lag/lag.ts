import { setTimeout as sleep } from 'node:timers/promises';
import type { GroupDescription, OffsetReading } from '../../autoscaler/types.ts';
import type { LagSource } from '../../controller/ports.ts';
import type { GroupLister } from '../../kafka/lag-source.ts';
import type { LagOptions } from './options.ts';
import { type LagRow, rowsOf } from './rows.ts';
import { arrivalRate, behindSeconds } from './speed.ts';
import { gapsIn, type Trouble, toTrouble } from './trouble.ts';

/** A row with what the time between two readings, or the record itself, tells. */
export interface TimedRow extends LagRow {
  readonly behindSeconds: number | undefined;
  /** Records a second that arrive in the partition. */
  readonly arrivalRate: number | undefined;
}

export interface GroupLagReport {
  readonly group: string;
  readonly description: GroupDescription | undefined;
  readonly rows: readonly TimedRow[];
  /** Why there are no rows, or why some have gaps. */
  readonly trouble: Trouble | undefined;
}

export interface LagReport {
  /** In order of the names. */
  readonly groups: readonly GroupLagReport[];
  /** Brokers whose groups could not be listed. */
  readonly troubles: readonly Trouble[];
}

/** When the record at this offset was written, epoch milliseconds; undefined when nobody can say. */
export type TimestampOf = (
  topic: string,
  partition: number,
  offset: bigint,
) => Promise<number | undefined>;

interface Sources {
  readonly source: LagSource & GroupLister;
  readonly timestampOf: TimestampOf;
}

/** Who the sessions belong to. */
export const owner = 'lagscaler lag';
const never = new AbortController().signal;

/** @throws KafkaError when all groups are asked for and the cluster cannot be reached */
export async function readLagOf(options: LagOptions, sources: Sources): Promise<LagReport> {
  const { groups, troubles } = await namesOf(options, sources.source);
  const read = () => readAll(groups, options, sources.source);
  const first = await read();
  const reachable = first.some(({ kind }) => kind === 'observed');
  const second = reachable && options.sampleMs > 0 ? await sleep(options.sampleMs).then(read) : [];
  const reports = groups.map(async (group, i) => {
    const readings = { earlier: first[i], latest: second[i] ?? first[i] };
    return await toReport(group, readings, options, sources.timestampOf);
  });
  return { groups: await Promise.all(reports), troubles };
}

/** As Kafka's tool has it, all groups are those that commit offsets: share groups and Connect have none. */
async function namesOf({ groups, connection }: LagOptions, source: GroupLister) {
  if (groups) return { groups, troubles: [] };
  const listed = await source.listGroups(owner, connection);
  const committing = listed.groups.filter(
    ({ type, protocolType }) =>
      type === 'streams' || (type !== 'share' && ['', 'consumer'].includes(protocolType)),
  );
  return {
    groups: committing.map(({ groupId }) => groupId),
    troubles: listed.failures.map(toTrouble),
  };
}

/** Readings with members are large: so many at a time bound what is held at once. */
const groupsAtATime = 2_000;

async function readAll(
  groups: readonly string[],
  { connection, isolationLevel }: LagOptions,
  source: LagSource,
): Promise<readonly OffsetReading[]> {
  const common = { connection, isolationLevel, topics: [], partitions: undefined };
  const read = (group: string) =>
    source.read(owner, { ...common, group, withMembers: true }, never);
  const readings: OffsetReading[] = [];
  for (let i = 0; i < groups.length; i += groupsAtATime) {
    const wave = groups.slice(i, i + groupsAtATime);
    readings.push(...(await Promise.all(wave.map(read))));
  }
  return readings;
}

interface Readings {
  readonly earlier: OffsetReading | undefined;
  readonly latest: OffsetReading | undefined;
}

async function toReport(
  group: string,
  { earlier, latest }: Readings,
  { topics, groups }: LagOptions,
  timestampOf: TimestampOf,
): Promise<GroupLagReport> {
  const reading = [latest, earlier].find((r) => r?.kind === 'observed');
  const failure = latest?.kind === 'unavailable' ? toTrouble(latest) : undefined;
  if (reading?.kind !== 'observed') {
    // That there is nothing to show is only worth a word to somebody who named the group.
    const isEmpty = groups === undefined && failure?.reason === 'NoTopics';
    return { group, description: undefined, rows: [], trouble: isEmpty ? undefined : failure };
  }
  const all = rowsOf(reading, reading === earlier ? undefined : earlier);
  const rows = all.filter(({ topic }) => topics.length === 0 || topics.includes(topic));
  return {
    group,
    description: reading.group,
    rows: await Promise.all(rows.map((row) => withTimes(row, timestampOf))),
    trouble: failure ?? gapsIn(rows, reading.gaps),
  };
}

async function withTimes(row: LagRow, timestampOf: TimestampOf): Promise<TimedRow> {
  const rate = arrivalRate(row);
  const behind =
    behindSeconds(row, undefined) ?? behindSeconds(row, await writtenAt(row, timestampOf));
  return { ...row, behindSeconds: behind, arrivalRate: rate };
}

/** When the first record that the group can still read was written. */
async function writtenAt(row: LagRow, timestampOf: TimestampOf): Promise<number | undefined> {
  const { topic, partition, currentOffset, logStartOffset = 0n, lag } = row;
  if (currentOffset === undefined || lag === undefined) return undefined;
  const isDeleted = currentOffset < logStartOffset;
  return await timestampOf(topic, partition, isDeleted ? logStartOffset : currentOffset);
}
