import type { LagReading } from './autoscaler/types.ts';
import type { Outcome } from './controller/outcome.ts';
import type { Key, Scaler } from './controller/ports.ts';
import type { Logger } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** Metrics and log of an outcome: the same value that status and events show. */
export function outcomeReporter(log: Logger, metrics: Metrics) {
  /** The last message of a reading without a reason of its own, per scaler. */
  const unknown = new Map<Key, string>();

  /** Only the error says what such a reading failed of: once, not at every poll. */
  function explainUnknown({ key }: Scaler, { reading }: Outcome): void {
    if (reading.kind !== 'unavailable' || reading.reason !== 'LagUnknown') {
      unknown.delete(key);
      return;
    }
    if (unknown.get(key) === reading.message) return;
    unknown.set(key, reading.message);
    log.warn({ scaler: key, err: reading.error }, 'lag is unknown');
  }

  return {
    onOutcome(scaler: Scaler, outcome: Outcome, notable: boolean): void {
      const { namespace, name } = scaler;
      const { decision, target, unschedulable, reading } = outcome;
      metrics.setScaler(
        { namespace, name },
        {
          lag: decision?.lag?.lag,
          ...trendOf(reading),
          capacityPerReplica: decision?.capacityPerReplica,
          currentReplicas: target?.specReplicas,
          desiredReplicas: decision?.desiredReplicas,
          readyReplicas: target?.readyReplicas,
          unschedulablePods: unschedulable,
          paused: scaler.spec.paused,
        },
      );
      if (decision) metrics.countDecision({ namespace, name }, actionOf(outcome), decision.reason);
      explainUnknown(scaler, outcome);
      // Idle polls say nothing: one line per decision that changed something.
      if (notable) log.info(fieldsOf(scaler, outcome), 'decision');
      else log.debug(fieldsOf(scaler, outcome), 'decision');
    },
    forget(key: Key): void {
      const [namespace = '', name = ''] = key.split('/');
      metrics.forgetScaler({ namespace, name });
      unknown.delete(key);
    },
  };
}

/** All undefined while the group could not be read. */
function trendOf(reading: LagReading) {
  const { trend, partitions } = reading.kind === 'observed' ? reading : {};
  return {
    lagSeconds: trend?.maxTimeLag,
    arrivalRate: trend?.arrivalRate,
    consumptionRate: trend?.consumptionRate,
    stalledPartitions: partitions?.filter((p) => p.trend.stalled).length,
  };
}

function actionOf({ write }: Outcome): string {
  if (write === 'none') return 'hold';
  return write === 'applied' ? 'scale' : 'failed';
}

function fieldsOf(scaler: Scaler, outcome: Outcome) {
  const { decision, target, targetError, reading, write } = outcome;
  return {
    scaler: scaler.key,
    action: actionOf(outcome),
    from: target?.specReplicas,
    to: decision?.desiredReplicas,
    lag: decision?.lag?.lag?.toString(), // traps O4: a bare bigint would be rounded by readers
    ...trendOf(reading),
    reason: decision?.reason ?? targetError?.code,
    message: decision?.message ?? targetError?.message,
    steps: decision?.steps,
    ...(reading.kind === 'unavailable' && { reading: reading.message }),
    ...(typeof write !== 'string' && { err: write }),
  };
}
