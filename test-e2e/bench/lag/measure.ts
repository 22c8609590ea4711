import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { round, sum } from '../statistics.ts';
import { openRequestCounter, type RequestCounts, servedBetween } from './broker-requests.ts';
import type { Brokers } from './brokers.ts';
import type { Layout } from './layout.ts';
import { type LagRow, pollSeconds, rowOf, warmUpTicks } from './row.ts';
import { type ClientName, runClient } from './worker-process.ts';
import type { Value } from './worker-protocol.ts';

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

function readValues(file: string): Value[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Value);
}
