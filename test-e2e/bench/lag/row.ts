import { loadavg } from 'node:os';
import { percentile, round, sum } from '../statistics.ts';
import { distinctPartitions, type Layout, partitionsPerTopic } from './layout.ts';
import type { ClientName, WorkerRun } from './worker-process.ts';
import type { Tick } from './worker-protocol.ts';

export const pollSeconds = 5;
/** The first connects, looks everything up and compiles; the second still compiles. */
export const warmUpTicks = 3;

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

export function rowOf(
  what: Pick<LagRow, 'client' | 'layout' | 'groups' | 'brokers'>,
  { ticks, rssMiB }: WorkerRun,
  seenByBrokers: LagRow['seenByBrokers'],
): LagRow {
  const { client, groups, ...where } = what;
  return {
    client,
    groups,
    partitions: groups * partitionsPerTopic,
    distinctPartitions: distinctPartitions(where.layout, groups),
    ...steadyState(ticks.slice(warmUpTicks)),
    rssMiB: round(rssMiB),
    ...where,
    pollSeconds,
    firstTick: firstOf(ticks),
    seenByBrokers,
    loadAverage: round(loadavg()[0] ?? 0, 1),
  };
}

function steadyState(ticks: readonly Tick[]) {
  const mean = (of: (tick: Tick) => number, digits = 0) =>
    round(sum(ticks.map(of)) / ticks.length, digits);
  const apis = new Set(ticks.flatMap(({ requests }) => Object.keys(requests)));
  const walls = ticks.map(({ wallMs }) => wallMs);
  return {
    requests: mean(requestsOf, 1),
    wallMs: mean(({ wallMs }) => wallMs),
    cpuMs: mean(({ cpuMs }) => cpuMs),
    ticks: ticks.length,
    wallP95Ms: round(percentile(walls, 0.95)),
    requestsByApi: Object.fromEntries(
      [...apis].map((api) => [api, mean(({ requests }) => requests[api] ?? 0, 1)]),
    ),
    failedReadings: sum(ticks.map(({ failed }) => failed)),
  };
}

function firstOf([first]: readonly Tick[]): LagRow['firstTick'] {
  if (!first) throw new Error('the client told of no tick');
  const { wallMs, cpuMs } = first;
  return { wallMs: round(wallMs), cpuMs: round(cpuMs), requests: requestsOf(first) };
}

const requestsOf = ({ requests }: Tick): number => sum(Object.values(requests));
