import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../../local/progress.ts';
import { type Brokers, purgeBrokers, startBrokers } from './brokers.ts';
import { capacityFor, readLimits } from './capacity.ts';
import {
  type Layout,
  mostGroups,
  partitionsPerTopic,
  range,
  sharedTopics,
  topicIndexOf,
} from './layout.ts';
import { answerFile } from './oracle.ts';
import { Seeder } from './seed.ts';

export interface Context {
  readonly dir: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Brokers with all that the groups of a layout need. */
export interface Prepared {
  readonly brokers: Brokers;
  readonly groups: number;
}

/** What is on the disks of the brokers already. */
interface Seeded {
  readonly brokers: number;
  /** Groups with all they need, by layout. */
  readonly groups: Readonly<Partial<Record<Layout, number>>>;
}

const seededFile = (dir: string): string => join(dir, 'seeded.json');

/** Starts the brokers and seeds what is missing. `own` builds on `shared`. */
export async function prepare(layout: Layout, context: Context): Promise<Prepared> {
  const seeded = readSeeded(context.dir);
  const done = seeded?.groups[layout];
  if (seeded && done !== undefined)
    return { brokers: await start(seeded.brokers, context), groups: done };
  return layout === 'shared' ? await prepareShared(context) : await prepareOwn(context);
}

async function prepareShared(context: Context): Promise<Prepared> {
  await purgeBrokers(context.dir); // what an interrupted run has left
  const brokers = await start(3, context);
  const topics = range(0, sharedTopics);
  const groups = range(0, mostGroups);
  await seed(brokers, { layout: 'shared', topics, groups }, context);
  writeSeeded(context.dir, { brokers: 3, groups: { shared: groups.length } });
  return { brokers, groups: groups.length };
}

async function prepareOwn(context: Context): Promise<Prepared> {
  await prepare('shared', context);
  const wanted = mostGroups * partitionsPerTopic;
  const { brokers: count, partitions, because } = capacityFor(wanted, readLimits());
  if (because) context.progress.note(`${partitions} partitions on ${count} brokers: ${because}`);
  const groups = Math.floor(partitions / partitionsPerTopic);
  const before = readSeeded(context.dir)?.groups;
  rmSync(seededFile(context.dir)); // until all is there again
  rmSync(answerFile(context.dir), { force: true });
  const brokers = await start(count, context);
  const added = range(sharedTopics, groups);
  await seed(brokers, { layout: 'own', topics: added, groups: added }, context);
  writeSeeded(context.dir, { brokers: count, groups: { ...before, own: groups } });
  return { brokers, groups };
}

function start(count: number, { dir, progress, signal }: Context): Promise<Brokers> {
  return progress.step(`${count} brokers`, () => startBrokers(dir, count, { progress, signal }));
}

interface Wanted {
  readonly layout: Layout;
  readonly topics: readonly number[];
  readonly groups: readonly number[];
}

async function seed(
  brokers: Brokers,
  { layout, topics, groups }: Wanted,
  { progress }: Context,
): Promise<void> {
  const seeder = new Seeder(brokers.servers);
  try {
    const loads = loadsBefore(layout, brokers.servers.length);
    const placement = await progress.step('topics', (update) =>
      seeder.createTopics(topics, loads, update),
    );
    await progress.step('records', (update) => seeder.produce(placement, update));
    const topicOf = (group: number) => topicIndexOf(layout, group);
    await progress.step('commits', (update) => seeder.commit(groups, topicOf, update));
  } finally {
    await seeder.close();
  }
}

/** Partitions that each broker has: the shared topics lie on the first three. */
function loadsBefore(layout: Layout, brokers: number): Map<number, number> {
  const each = layout === 'own' ? Math.ceil((sharedTopics * partitionsPerTopic) / 3) : 0;
  return new Map(range(1, brokers + 1).map((id) => [id, id <= 3 ? each : 0]));
}

function readSeeded(dir: string): Seeded | undefined {
  const file = seededFile(dir);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Seeded) : undefined;
}

function writeSeeded(dir: string, seeded: Seeded): void {
  writeFileSync(seededFile(dir), JSON.stringify(seeded));
}
