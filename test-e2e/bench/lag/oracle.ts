import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Brokers } from './brokers.ts';
import { type Layout, partitionsPerTopic, subjectsOf } from './layout.ts';
import type { Value } from './worker-protocol.ts';

const command = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';
/** About 15 ms a group. */
const withinMs = 20 * 60_000;

/** Where the answer of the tool is kept. */
export const answerFile = (dir: string): string => join(dir, 'kafka-consumer-groups.txt');

/**
 * What Kafka's own tool says about all groups. It takes minutes, and nothing is written to these brokers
 * any more: the answer is kept for the next run on them.
 */
export async function describeAllGroups(brokers: Brokers): Promise<Value[]> {
  const kept = answerFile(brokers.dir);
  if (existsSync(kept)) return parseGroups(readFileSync(kept, 'utf8'));
  const args = ['--describe', '--all-groups', '--timeout', '300000'];
  const printed = await brokers.tool(command, args, withinMs);
  const groups = parseGroups(printed);
  // It may well end with code 0 and nothing but an error message on its output.
  if (groups.length === 0) throw new Error(`kafka-consumer-groups says: ${printed.trim()}`);
  writeFileSync(kept, printed);
  return groups;
}

/** Lines of `kafka-consumer-groups --describe`; a dash is undefined. */
export function parseGroups(printed: string): Value[] {
  const known = (text = '-') => (text === '-' ? undefined : text);
  return printed
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns.length >= 6 && /^\d+$/.test(columns[2] ?? ''))
    .map(([group = '', topic = '', partition, committed, end, lag]) => ({
      group,
      topic,
      partition: Number(partition),
      committed: known(committed),
      end: known(end),
      lag: known(lag),
    }));
}

/**
 * The part of the truth that a client was asked for.
 * @throws Error when the oracle itself left something out
 */
export function truthFor(all: readonly Value[], layout: Layout, groups: number): Value[] {
  const wanted = new Set(subjectsOf(layout, groups).map(({ group, topic }) => `${group} ${topic}`));
  const truth = all.filter(({ group, topic }) => wanted.has(`${group} ${topic}`));
  const expected = groups * partitionsPerTopic;
  if (truth.length === expected) return truth;
  throw new Error(`kafka-consumer-groups told ${truth.length} of ${expected} partitions`);
}
