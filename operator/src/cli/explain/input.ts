import type { KafkaConsumerScalerSpec, KafkaConsumerScalerStatus } from '../../api/types.gen.ts';
import type { Resource } from './resource.ts';

/** A line of what the operator saw: a name and the value in words. */
export type Fact = readonly [name: string, value: string];

/** What the last decision was made from; what is not known is not there. */
export function inputOf({ spec, status = {} }: Resource): readonly Fact[] {
  const facts: readonly (readonly [name: string, value: string | undefined])[] = [
    ['target', targetOf(spec, status)],
    ['sizing', sizingOf(spec)],
    ['lag', lagOf(status)],
    ['oldest record', withUnit(status.lagSeconds, ' s old')],
    ['arrivals', withUnit(status.arrivalRate, ' records/s')],
    ['consumption', withUnit(status.consumptionRate, ' records/s')],
    ['one replica reads', spec.sizing.timeLag && capacityOf(spec, status)],
    ['it takes', timesOf(status)],
  ];
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

function targetOf(spec: KafkaConsumerScalerSpec, status: KafkaConsumerScalerStatus): string {
  const { kind = 'Deployment', name } = spec.scaleTargetRef;
  const { currentReplicas, readyReplicas } = status;
  const has = currentReplicas === undefined ? '' : `${currentReplicas} replicas, `;
  const ready = readyReplicas === undefined ? '' : `${readyReplicas} ready, `;
  return `${kind} ${name}: ${has}${ready}${spec.minReplicas ?? 1} to ${spec.maxReplicas} allowed`;
}

function sizingOf({ sizing }: KafkaConsumerScalerSpec): string {
  const { timeLag, lagPerReplica } = sizing;
  if (timeLag)
    return `timeLag: records not older than ${timeLag.objectiveSeconds} s, a backlog gone in ${timeLag.drainSeconds} s`;
  return `lagPerReplica: ${lagPerReplica?.value} records of lag for each replica`;
}

function lagOf({ lag, partitions, unknownPartitions = 0 }: KafkaConsumerScalerStatus) {
  if (partitions === undefined) return undefined;
  const unknown = unknownPartitions > 0 ? `, ${unknownPartitions} of them unknown` : '';
  return `${lag === undefined ? 'unknown' : `${lag} records`} in ${partitions} partitions${unknown}`;
}

function capacityOf(
  { sizing }: KafkaConsumerScalerSpec,
  { capacityPerReplica, learned }: KafkaConsumerScalerStatus,
): string {
  const { capacitySamples: samples, capacityTime: at, lowerBoundPerReplica: least } = learned ?? {};
  const hint = sizing.timeLag?.capacityPerReplica;
  if (capacityPerReplica === undefined)
    return least === undefined ? 'not known yet' : `at least ${least}/s: more is not known yet`;
  const seen = samples ? `seen ${samples} times, last at ${at}` : 'not seen yet';
  const told = hint === undefined ? '' : `, ${hint}/s by sizing.timeLag.capacityPerReplica`;
  return `${capacityPerReplica}/s: ${seen}${told}`;
}

function timesOf({ learned }: KafkaConsumerScalerStatus): string | undefined {
  const { startSeconds, rebalanceSeconds, commitSeconds } = learned ?? {};
  const times = [
    startSeconds && `${startSeconds} s until a new replica reads`,
    rebalanceSeconds &&
      `${rebalanceSeconds} s until all partitions are read again when members change`,
    commitSeconds && `${commitSeconds} s from commit to commit`,
  ].filter(Boolean);
  return times.length > 0 ? times.join(', ') : undefined;
}

function withUnit(value: string | undefined, unit: string): string | undefined {
  return value === undefined ? undefined : `${value}${unit}`;
}
