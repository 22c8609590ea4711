import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { percentile, round, sum } from '../statistics.ts';
import { openRequestCounter, type RequestCounts, servedBetween } from './broker-requests.ts';
import type { Brokers } from './brokers.ts';
import { distinctPartitions, type Layout, partitionsPerTopic } from './layout.ts';
import { type ClientName, runClient, type WorkerRun } from './worker-process.ts';
import type { Tick, Value } from './worker-protocol.ts';

export const pollSeconds = 5;
/** The first connects, looks everything up and compiles; the second still compiles. */
const warmUpTicks = 3;

/** One client with so many groups; all numbers are means of one tick in steady state unless they say otherwise. */
export interface LagRow {
  readonly client: ClientName;
  readonly groups: number;
  /** Read in a tick: ten for each group. */
  readonly partitions: number;
  /** Different ones among them. */
  readonly distinctPartitions: number;
  readonly requests: number;
  readonly wallMs: number;
  /** User and system time of the process, all that it does between two ticks included. */
  readonly cpuMs: number;
  /** The most that the process ever had resident. */
  readonly rssMiB: number;
  /** Partitions whose committed offset, end offset or lag is not what kafka-consumer-groups says; undefined: unchecked. */
  readonly wrong?: number;
  readonly layout: Layout;
  readonly brokers: number;
  readonly pollSeconds: number;
  /** How many were measured. */
  readonly ticks: number;
  readonly wallP95Ms: number;
  readonly requestsByApi: Readonly<Record<string, number>>;
  /** Without a complete reading, in all measured ticks together. */
  readonly failedReadings: number;
  readonly firstTick: Readonly<{ wallMs: number; cpuMs: number; requests: number }>;
  /** By the brokers' own counters. */
  readonly seenByBrokers: Readonly<{ perMinute: number; busiestPerTick: number }>;
  readonly loadAverage: number;
}

export interface Subjects {
  readonly layout: Layout;
  readonly groups: number;
  /** Measured, beside those that warm up. */
  readonly ticks: number;
}

export interface MeasureOptions {
  /** For logs, values and profiles. */
  readonly out: string;
  readonly profile: boolean;
  readonly signal: AbortSignal;
}

export interface Measured {
  readonly row: LagRow;
  readonly values: readonly Value[];
}

/** Runs a client and looks at the brokers' counters in the quiet before the first and after the last measured tick. */
export async function measure(
  client: ClientName,
  { layout, groups, ticks }: Subjects,
  brokers: Brokers,
  { out, profile, signal }: MeasureOptions,
): Promise<Measured> {
  const valuesFile = join(out, `lag-values-${client}.jsonl`);
  const orders = { servers: brokers.servers.slice(0, 3), layout, groups, pollSeconds, valuesFile };
  const counter = openRequestCounter(brokers.pids);
  const looks: Promise<Look>[] = [];
  try {
    await counter.read(); // it is attached
    const run = await runClient(
      client,
      { ...orders, ticks: warmUpTicks + ticks },
      {
        logFile: join(out, 'lag.log'),
        profileTo: profile ? out : undefined,
        signal,
        onRead(read) {
          if (read === warmUpTicks || read === warmUpTicks + ticks)
            looks.push(counter.read().then((counts) => ({ at: Date.now(), counts })));
        },
      },
    );
    const seenByBrokers = seen(await Promise.all(looks), ticks);
    const what = { client, layout, groups, brokers: brokers.servers.length };
    return { row: rowOf(what, run, seenByBrokers), values: readValues(valuesFile) };
  } finally {
    counter.close();
  }
}

interface Look {
  readonly at: number;
  readonly counts: RequestCounts;
}

function seen([before, after]: readonly Look[], ticks: number): LagRow['seenByBrokers'] {
  if (!before || !after) throw new Error('the counters of the brokers were not read twice');
  const served = [...servedBetween(before.counts, after.counts).values()];
  const minutes = (after.at - before.at) / 60_000;
  return {
    perMinute: round(sum(served) / minutes, 1),
    busiestPerTick: round(Math.max(...served) / ticks, 1),
  };
}

function rowOf(
  what: Pick<LagRow, 'client' | 'layout' | 'groups' | 'brokers'>,
  { ticks: all, rssMiB }: WorkerRun,
  seenByBrokers: LagRow['seenByBrokers'],
): LagRow {
  const ticks = all.slice(warmUpTicks);
  const [first] = all;
  if (!first) throw new Error('the client told of no tick');
  const mean = (of: (tick: Tick) => number, digits = 0) =>
    round(sum(ticks.map(of)) / ticks.length, digits);
  const { client, layout, groups, brokers } = what;
  return {
    client,
    groups,
    partitions: groups * partitionsPerTopic,
    distinctPartitions: distinctPartitions(layout, groups),
    requests: mean(requestsOf, 1),
    wallMs: mean((tick) => tick.wallMs),
    cpuMs: mean((tick) => tick.cpuMs),
    rssMiB: round(rssMiB),
    layout,
    brokers,
    pollSeconds,
    ticks: ticks.length,
    wallP95Ms: round(
      percentile(
        ticks.map((tick) => tick.wallMs),
        0.95,
      ),
    ),
    requestsByApi: Object.fromEntries(
      [...new Set(ticks.flatMap((tick) => Object.keys(tick.requests)))].map((api) => [
        api,
        mean((tick) => tick.requests[api] ?? 0, 1),
      ]),
    ),
    failedReadings: sum(ticks.map((tick) => tick.failed)),
    firstTick: {
      wallMs: round(first.wallMs),
      cpuMs: round(first.cpuMs),
      requests: requestsOf(first),
    },
    seenByBrokers,
    loadAverage: round(loadavg()[0] ?? 0, 1),
  };
}

const requestsOf = ({ requests }: Tick): number => sum(Object.values(requests));

function readValues(file: string): Value[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Value);
}
