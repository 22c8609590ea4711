import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

/** The numbers of one scaler; undefined is unknown and leaves the series out, never zero. */
export interface ScalerNumbers {
  readonly lag: bigint | undefined;
  readonly lagSeconds: number | undefined;
  readonly arrivalRate: number | undefined;
  readonly consumptionRate: number | undefined;
  readonly capacityPerReplica: number | undefined;
  readonly stalledPartitions: number | undefined;
  readonly currentReplicas: number | undefined;
  readonly desiredReplicas: number | undefined;
  readonly readyReplicas: number | undefined;
  readonly unschedulablePods: number | undefined;
  readonly paused: boolean;
}

interface ListedCache {
  /** Milliseconds since the last list that succeeded; undefined before the first. */
  listAgeMs(): number | undefined;
}

const scalerLabels = ['namespace', 'name'] as const;

/** Every metric of the operator, in a registry of its own (traps O2). docs/metrics.md lists them. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const scalerGauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: scalerLabels, registers });

  const gauges = {
    lag: scalerGauge('lagscaler_consumer_lag_records', 'Lag of the group; absent while unknown'),
    lagSeconds: scalerGauge(
      'lagscaler_consumer_lag_seconds',
      'Age of the oldest record the group has not committed; absent while unknown',
    ),
    arrivalRate: scalerGauge(
      'lagscaler_arrival_records_per_second',
      'Records written to the partitions of the group; absent while unknown',
    ),
    consumptionRate: scalerGauge(
      'lagscaler_consumption_records_per_second',
      'Records committed by the group; absent while unknown',
    ),
    capacityPerReplica: scalerGauge(
      'lagscaler_capacity_per_replica_records_per_second',
      'What one replica can read; absent while unknown and without sizing.timeLag',
    ),
    stalledPartitions: scalerGauge(
      'lagscaler_stalled_partitions',
      'Partitions with lag that stand still while others move on; absent while unknown',
    ),
    currentReplicas: scalerGauge('lagscaler_current_replicas', 'spec.replicas of the target'),
    desiredReplicas: scalerGauge('lagscaler_desired_replicas', 'Replicas of the last decision'),
    readyReplicas: scalerGauge('lagscaler_ready_replicas', 'Ready pods of the target'),
    unschedulablePods: scalerGauge(
      'lagscaler_unschedulable_pods',
      'Pods of the target that no node has room for; absent while unknown',
    ),
  };
  const paused = scalerGauge('lagscaler_paused', '1 while spec.paused is set');
  const decisions = new Counter({
    name: 'lagscaler_decisions_total',
    help: 'Decisions by action and reason',
    labelNames: [...scalerLabels, 'action', 'reason'],
    registers,
  });
  const decisionSeries = new Map<string, { action: string; reason: string }[]>();

  return {
    registry,
    reconcileSeconds: new Histogram({
      name: 'lagscaler_reconcile_duration_seconds',
      help: 'Time of one reconcile, from reading to reporting',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    reconcileErrors: counter(
      'lagscaler_reconcile_errors_total',
      'Failed parts of a reconcile by class',
      ['class'],
    ),
    offsetReadSeconds: new Histogram({
      name: 'lagscaler_offset_read_duration_seconds',
      help: 'Time of one reading of offsets by outcome',
      labelNames: ['outcome'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    kafkaRequests: counter('lagscaler_kafka_requests_total', 'Requests to brokers by API', ['api']),
    kubeRequests: counter('lagscaler_kube_requests_total', 'Requests to the API server', [
      'verb',
      'resource',
    ]),
    watchRestarts: counter(
      'lagscaler_watch_restarts_total',
      'Watches that ended and were started again',
      ['resource'],
    ),
    eventsDropped: counter(
      'lagscaler_events_dropped_total',
      'Events that could not be recorded',
      [],
    ),
    leader: new Gauge({
      name: 'lagscaler_leader',
      help: '1 while this replica may write',
      registers,
    }),
    workqueueDepth: new Gauge({
      name: 'lagscaler_workqueue_depth',
      help: 'Scalers that wait for a worker',
      registers,
    }),

    /** How old the lists behind the watch caches are, asked at each scrape. */
    observeCaches(caches: Readonly<Record<string, ListedCache>>): void {
      new Gauge({
        name: 'lagscaler_cache_age_seconds',
        help: 'Age of the oldest list behind a watch cache; absent before the first',
        labelNames: ['resource'],
        registers,
        collect() {
          for (const [resource, cache] of Object.entries(caches)) {
            const ageMs = cache.listAgeMs();
            if (ageMs !== undefined) this.set({ resource }, ageMs / 1000);
          }
        },
      });
    },
    setScaler(labels: { namespace: string; name: string }, numbers: ScalerNumbers): void {
      for (const [name, gauge] of Object.entries(gauges)) {
        const value = numbers[name as keyof typeof gauges];
        if (value === undefined) gauge.remove(labels);
        else gauge.set(labels, Number(value)); // traps O1: prom-client refuses bigint
      }
      paused.set(labels, numbers.paused ? 1 : 0);
    },
    countDecision(
      labels: { namespace: string; name: string },
      action: string,
      reason: string,
    ): void {
      decisions.inc({ ...labels, action, reason });
      const key = `${labels.namespace}/${labels.name}`;
      const seen = decisionSeries.get(key) ?? [];
      if (!seen.some((s) => s.action === action && s.reason === reason))
        seen.push({ action, reason });
      decisionSeries.set(key, seen);
    },
    /** The resource is gone: so are its series (traps O2). */
    forgetScaler(labels: { namespace: string; name: string }): void {
      for (const gauge of [...Object.values(gauges), paused]) gauge.remove(labels);
      const key = `${labels.namespace}/${labels.name}`;
      for (const series of decisionSeries.get(key) ?? [])
        decisions.remove({ ...labels, ...series });
      decisionSeries.delete(key);
    },
  };

  function counter<T extends string>(name: string, help: string, labelNames: readonly T[]) {
    return new Counter({ name, help, labelNames: [...labelNames], registers });
  }
}
