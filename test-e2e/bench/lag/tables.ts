import { round, sum } from '../statistics.ts';
import { type Cell, table } from '../tables.ts';
import type { LagRow } from './row.ts';

/** The tables of docs/benchmarks.md, in Markdown. */
export function lagTables(rows: readonly LagRow[]): string {
  return [costs(rows), goals(rows), seenByBrokers(rows)].filter(Boolean).join('\n');
}

function costs(rows: readonly LagRow[]): string {
  const head = ['client', 'groups', 'different partitions', 'requests', 'wall (p95)', 'CPU'];
  const more = ['cores', 'memory', 'first tick: wall', 'CPU', 'failed readings', 'wrong'];
  return table(
    [...head, ...more],
    rows.map((row) => [
      ...[row.client, count(row.groups), count(row.distinctPartitions), row.requests],
      ...[`${row.wallMs} (${row.wallP95Ms}) ms`, `${row.cpuMs} ms`, cores(row)],
      ...[`${row.rssMiB} MiB`, `${row.firstTick.wallMs} ms`, `${row.firstTick.cpuMs} ms`],
      row.failedReadings,
      row.wrong === undefined ? '?' : `${row.wrong} of ${count(row.partitions)}`,
    ]),
  );
}

/** At this polling interval. */
const cores = ({ cpuMs, pollSeconds }: LagRow): number => round(cpuMs / 1000 / pollSeconds, 3);

function goals(rows: readonly LagRow[]): string {
  const ours = rows.filter(({ client }) => client === 'lagscaler');
  const lines = [...againstKafkajs(rows), ...ours.flatMap(limits), ...exactness(ours)];
  return lines.length > 0 ? table(['goal', 'measured', ''], lines) : '';
}

function againstKafkajs(rows: readonly LagRow[]): Cell[][] {
  const cpuOf = (client: LagRow['client']) =>
    rows.find((row) => row.client === client && row.groups === 1000)?.cpuMs;
  const [ours, theirs] = [cpuOf('lagscaler'), cpuOf('kafkajs')];
  if (ours === undefined || theirs === undefined) return [];
  const ratio = round(theirs / ours, 1);
  return [line('1,000 groups: at most 1/20 of the CPU of kafkajs', `1/${ratio}`, ratio >= 20)];
}

function limits(row: LagRow): Cell[][] {
  const { groups, distinctPartitions: partitions, seenByBrokers } = row;
  const what = `${groupCount(groups)}, ${count(partitions)} partitions`;
  const most = 2 + Math.ceil(groups / 1000);
  const busiest = seenByBrokers.busiestPerTick;
  const requests = `${what}: at most ${most} requests to a broker in a tick`;
  const lines = [line(requests, `${busiest}`, busiest <= most)];
  if (groups < 10_000) return lines;
  const megabytes = round((row.rssMiB * 2 ** 20) / 1e6);
  lines.push(line(`${what}: at most 0.25 core`, `${cores(row)}`, cores(row) <= 0.25));
  lines.push(line(`${what}: at most 300 MB`, `${megabytes} MB`, megabytes <= 300));
  return lines;
}

function exactness(ours: readonly LagRow[]): Cell[][] {
  const checked = ours.flatMap((row) => row.wrong ?? []);
  return checked.length > 0 ? [line('no wrong value', `${sum(checked)}`, sum(checked) === 0)] : [];
}

const line = (goal: string, measured: string, met: boolean): Cell[] => [
  goal,
  measured,
  met ? 'met' : '**missed**',
];

/** KEDA's arithmetic: one request for metadata, one for commits, one per leader; six evaluations a minute. */
const kedaPerMinute = (leaders: number): number => (2 + leaders) * 6;
const leaders = 3;

function seenByBrokers(rows: readonly LagRow[]): string {
  const ours = rows.filter((row) => row.client === 'lagscaler' && row.groups <= 1000);
  if (ours.length === 0) return '';
  return table(
    ['scalers', 'requests per minute, lagscaler', "KEDA's arithmetic", 'KEDA ÷ lagscaler'],
    ours.map((row) => {
      const keda = row.groups * kedaPerMinute(leaders);
      const { perMinute } = row.seenByBrokers;
      return [count(row.groups), perMinute, count(keda), round(keda / perMinute, 1)];
    }),
  );
}

const count = (value: number): string => value.toLocaleString('en');

export const groupCount = (groups: number): string =>
  `${count(groups)} group${groups === 1 ? '' : 's'}`;
