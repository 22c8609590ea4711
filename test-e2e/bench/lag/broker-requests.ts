import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { javaCommand } from '../../local/tools.ts';

/** Requests that brokers have served, by broker and kind: `1 OffsetFetch`. */
export type RequestCounts = ReadonlyMap<string, number>;

/** What a client that reads lag asks for. Brokers ask each other for none of it, but ApiVersions at a connect. */
const kinds = new Set([
  'ApiVersions',
  'ConsumerGroupDescribe',
  'DescribeGroups',
  'FindCoordinator',
  'ListGroups',
  'ListOffsets',
  'Metadata',
  'OffsetFetch',
]);

/** The brokers' own counters of requests. */
export interface RequestCounter {
  read(): Promise<RequestCounts>;
  close(): void;
}

/** @param pids of the brokers */
export function openRequestCounter(pids: readonly number[]): RequestCounter {
  const source = join(import.meta.dirname, 'BrokerRequests.java');
  const java = spawn(javaCommand(), ['-Xmx64m', source, ...pids.map(String)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(java, 'exit').then(([code]) => {
    throw new Error(`the program that reads the brokers' counters ended with code ${code}`);
  });
  ended.catch(() => undefined); // told by the next read
  const lines = createInterface({ input: java.stdout })[Symbol.asyncIterator]();
  async function answer(): Promise<RequestCounts> {
    const told: string[] = [];
    java.stdin.write('\n');
    for (;;) {
      const { value, done } = await lines.next();
      if (done || value === '') return parseCounts(told);
      told.push(value);
    }
  }
  return {
    read: () => Promise.race([answer(), ended]),
    close: () => java.kill(),
  };
}

/** Sums the versions of each kind; leaves out what brokers ask of each other. */
export function parseCounts(lines: readonly string[]): RequestCounts {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const [broker, kind = '', count] = line.split(' ');
    if (!kinds.has(kind)) continue;
    const key = `${broker} ${kind}`;
    counts.set(key, (counts.get(key) ?? 0) + Number(count));
  }
  return counts;
}

/** How many each broker has served between two readings, by its id. */
export function servedBetween(before: RequestCounts, after: RequestCounts): Map<string, number> {
  const served = new Map<string, number>();
  for (const [key, count] of after) {
    const [broker = ''] = key.split(' ');
    served.set(broker, (served.get(broker) ?? 0) + count - (before.get(key) ?? 0));
  }
  return served;
}
