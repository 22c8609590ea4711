import { expect, test } from 'vitest';
import type { Reason } from './api/conditions.ts';
import { scalerOf } from './controller/fakes.ts';
import type { Outcome } from './controller/outcome.ts';
import { outcomeReporter } from './outcome-reporter.ts';
import { createLog } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';

function setup() {
  const warnings: unknown[] = [];
  const metrics = createMetrics();
  const log = createLog('silent');
  log.warn = (fields: object) => warnings.push(fields);
  const reporter = outcomeReporter(log, metrics);
  const scaler = scalerOf('orders');
  const tell = (outcome: Partial<Outcome>) =>
    reporter.onOutcome(scaler, { ...outcomeOf('LagUnknown', ''), ...outcome }, false);
  const series = async () =>
    (await metrics.registry.metrics()).split('\n').filter((line) => line.includes('name="orders"'));
  return { warnings, reporter, scaler, tell, series };
}

function outcomeOf(reason: Reason, message: string): Outcome {
  return {
    at: 0,
    reading: { kind: 'unavailable', reason, message, error: new Error(message) },
    target: undefined,
    targetError: undefined,
    unschedulable: undefined,
    decision: undefined,
    write: 'none',
  };
}

test('the error behind an unknown lag is logged once, and again when it is another', () => {
  const { warnings, tell, reporter, scaler } = setup();
  const failures = ['left out', 'left out', 'broken', 'left out'];
  for (const message of failures) tell(outcomeOf('LagUnknown', message));
  tell(outcomeOf('KafkaUnreachable', 'no answer')); // has a name, which the conditions show
  tell(outcomeOf('LagUnknown', 'left out'));
  reporter.forget(scaler.key);
  tell(outcomeOf('LagUnknown', 'left out'));
  expect(warnings).toMatchObject(
    ['left out', 'broken', 'left out', 'left out', 'left out'].map((message) => ({
      scaler: 'shop/orders',
      err: { message },
    })),
  );
});

test.for([
  ['a number', 28, ['lagscaler_unschedulable_pods{namespace="shop",name="orders"} 28']],
  ['none', 0, ['lagscaler_unschedulable_pods{namespace="shop",name="orders"} 0']],
  ['unknown, which is no zero', undefined, []],
] as const)('unschedulable pods: %s', async ([, unschedulable, expected]) => {
  const { tell, series, reporter, scaler } = setup();
  const found = async () => (await series()).filter((line) => line.includes('unschedulable'));
  tell({ unschedulable: 5 });
  tell({ unschedulable });
  expect(await found()).toEqual(expected);
  reporter.forget(scaler.key);
  expect(await found()).toEqual([]);
});
