import type { Outcome } from './controller/outcome.ts';
import type { Key, Scaler } from './controller/ports.ts';
import type { Logger } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** Metrics and log of an outcome: the same value that status and events show. */
export function outcomeReporter(log: Logger, metrics: Metrics) {
  return {
    onOutcome(scaler: Scaler, outcome: Outcome, notable: boolean): void {
      const { namespace, name } = scaler;
      const { decision, target } = outcome;
      metrics.setScaler(
        { namespace, name },
        {
          lag: decision?.lag?.lag,
          currentReplicas: target?.specReplicas,
          desiredReplicas: decision?.desiredReplicas,
          readyReplicas: target?.readyReplicas,
          paused: scaler.spec.paused,
        },
      );
      if (decision) metrics.countDecision({ namespace, name }, actionOf(outcome), decision.reason);
      // Idle polls say nothing: one line per decision that changed something.
      if (notable) log.info(fieldsOf(scaler, outcome), 'decision');
      else log.debug(fieldsOf(scaler, outcome), 'decision');
    },
    forget(key: Key): void {
      const [namespace = '', name = ''] = key.split('/');
      metrics.forgetScaler({ namespace, name });
    },
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
    reason: decision?.reason ?? targetError?.code,
    message: decision?.message ?? targetError?.message,
    steps: decision?.steps,
    ...(reading.kind === 'unavailable' && { reading: reading.message }),
    ...(typeof write !== 'string' && { err: write }),
  };
}
