import type { MemberAssignment, Notice } from '../types.ts';
import { isFrozen } from './effect.ts';
import type { HotPartition } from './load.ts';
import type { Situation } from './situation.ts';
import type { Stalls } from './stalls.ts';
import { perSecond, round, seconds } from './words.ts';

/** How many partitions a message names. */
const named = 3;

/** What a person should know, whatever the size. */
export function noticesOf(s: Situation): readonly Notice[] {
  return [ineffective(s), membersMissing(s), hot(s), unattainable(s)].filter(
    (notice) => notice !== undefined,
  );
}

/** For both strategies: more replicas cannot help a partition whose consumer does not get past a record. */
export function stalledNotice(
  { stalled }: Stalls,
  owners: readonly MemberAssignment[] | undefined,
): Notice | undefined {
  const stuck = [...stalled];
  if (stuck.length === 0) return undefined;
  const names = stuck.slice(0, named).map(([key, offset]) => {
    const owner = ownerOf(key, owners);
    return `${placeOf(key)} at offset ${offset}${owner ? ` (${owner.clientId} on ${owner.host})` : ''}`;
  });
  const others = stuck.length > named ? ` and ${stuck.length - named} more` : '';
  const what = `${names.join('; ')}${others}: not committed for over a minute while others are`;
  const message = `${what}: look at the record there, and at its consumer`;
  return notice('PartitionStalled', 'PartitionStalled', message);
}

function placeOf(key: string): string {
  const slash = key.lastIndexOf('/');
  return `topic ${key.slice(0, slash)}, partition ${key.slice(slash + 1)}`;
}

function ownerOf(key: string, owners: readonly MemberAssignment[] | undefined) {
  return owners?.find(({ partitions }) =>
    partitions.some(({ topic, partitions: numbers }) =>
      numbers.some((partition) => key === `${topic}/${partition}`),
    ),
  );
}

function ineffective({ state: { freeze }, now }: Situation): Notice | undefined {
  if (!freeze || !isFrozen(freeze, now)) return undefined;
  const message =
    'more replicas did not read more, so what they wait for is elsewhere: no scale-up for a while';
  return notice('IneffectiveScaleUp', 'IneffectiveScaleUp', message);
}

function membersMissing({ membersMissing: message }: Situation): Notice | undefined {
  return message === undefined ? undefined : notice('MembersMissing', 'MembersMissing', message);
}

function hot({ load, capacity, layout }: Situation): Notice | undefined {
  const [worst] = load.hot.toSorted((a, b) => b.lag - a.lag);
  if (!worst || capacity.perReplica === undefined) return undefined;
  const perConsumer = capacity.perReplica / layout.threadsPerReplica;
  const { key, arrivalRate, lag } = worst;
  const has = `partition ${key} has ${round(lag)} records of lag and gets ${perSecond(arrivalRate)}`;
  const message = `${has}, one consumer can read ${perSecond(perConsumer)}: ${drainage(worst, perConsumer)}, however many replicas`;
  return notice('ScalingLimited', 'HotPartition', message);
}

function drainage({ lag, arrivalRate }: HotPartition, perConsumer: number): string {
  if (arrivalRate >= perConsumer) return 'its lag grows';
  return `that takes ${seconds(lag / (perConsumer - arrivalRate))} at best`;
}

function unattainable({ state: { ramps }, objective }: Situation): Notice | undefined {
  const { steep } = ramps;
  if (!steep) return undefined;
  const message = `the load rose from ${perSecond(steep.from)} to ${perSecond(steep.to)} faster than replicas can start: records become about ${seconds(steep.worstAge)} old, the objective is ${seconds(objective.objectiveSeconds)}; raise minReplicas or add an entry to floors`;
  return notice('ScalingLimited', 'ObjectiveUnattainable', message);
}

function notice(type: Notice['type'], reason: Notice['reason'], message: string): Notice {
  return { type, reason, message };
}
