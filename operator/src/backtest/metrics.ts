import type { Group } from './group.ts';
import type { Log } from './log.ts';
import type { RecordQueues } from './record-queues.ts';
import type { Setup } from './setup.ts';
import { oracleReplicaHours, type Trace } from './trace.ts';

/** What a run cost and how well it kept the objective. */
export interface Metrics {
  /** Records consumed later than the objective, as a share of all that were consumed. */
  readonly lateFraction: number;
  /** Of consumed records, and of those still unread at the end. */
  readonly maxAgeSeconds: number;
  readonly p99AgeSeconds: number;
  /** Of every pod that existed, those that started or left as well. */
  readonly replicaHours: number;
  /** Of one replica (with its threads) for each partition, all the time. */
  readonly staticReplicaHours: number;
  /** Of somebody who knows the load of each second and has replicas that start at once. */
  readonly oracleReplicaHours: number;
  /** Changes of the replicas. */
  readonly actions: number;
  readonly rebalances: number;
  readonly days: number;
  /** Seconds in which some record was older than the objective, as a share of all seconds. */
  readonly lateTimeFraction: number;
  readonly pausedPartitionSeconds: number;
  readonly movedPartitions: number;
  readonly consumedRecords: number;
  /** At the end. */
  readonly unreadRecords: number;
  /** Deleted unread with their topic. */
  readonly lostRecords: number;
}

interface Counts {
  readonly queues: RecordQueues;
  readonly group: Group;
  readonly lost: number;
}

export function metricsOf(trace: Trace, setup: Setup, log: Log, counts: Counts): Metrics {
  const { queues, group, lost } = counts;
  const seconds = trace.rates.length;
  const { partitions, threadsPerReplica, capacityPerReplica, objectiveSeconds } = setup;
  const { ages } = queues;
  const consumed = sum(ages);
  return {
    lateFraction: consumed === 0 ? 0 : sum(ages.subarray(objectiveSeconds + 1)) / consumed,
    maxAgeSeconds: Math.max(oldestOf(ages), oldestWaiting(queues, seconds - 1)),
    p99AgeSeconds: quantile(ages, 0.99 * consumed),
    replicaHours: log.podSeconds / 3600,
    staticReplicaHours: (Math.ceil(partitions / threadsPerReplica) * seconds) / 3600,
    oracleReplicaHours: oracleReplicaHours(trace, capacityPerReplica),
    actions: log.scalings.length,
    rebalances: group.rebalances,
    days: seconds / 86_400,
    lateTimeFraction: log.lateSeconds / seconds,
    pausedPartitionSeconds: group.pausedPartitionSeconds,
    movedPartitions: group.movedPartitions,
    consumedRecords: consumed,
    unreadRecords: sum(queues.arrived) - sum(queues.taken),
    lostRecords: lost,
  };
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function oldestOf(ages: Float64Array): number {
  return Math.max(
    0,
    ages.findLastIndex((records) => records > 0),
  );
}

function oldestWaiting(queues: RecordQueues, second: number): number {
  let oldest = 0;
  for (let p = 0; p < queues.partitions; p++)
    oldest = Math.max(oldest, queues.oldestAge(p, second));
  return oldest;
}

/** The youngest age that at least so many records have at most. */
function quantile(ages: Float64Array, records: number): number {
  let counted = 0;
  const age = ages.findIndex((at) => {
    counted += at;
    return counted >= records;
  });
  return Math.max(0, age);
}
