import type { ServiceMetrics } from '@lagscaler/demo-shared/metrics.ts';
import { Counter } from 'prom-client';
import { sagaEvents } from './transitions.ts';

/** What the coordinator counts. */
export interface SagaMetrics {
  readonly moved: { inc(labels: { event: string }): void };
  readonly ignored: { inc(labels: { topic: string }): void };
  readonly resent: { inc(labels: { topic: string }): void };
}

export function createSagaMetrics({ registry, ignored }: ServiceMetrics): SagaMetrics {
  const registers = [registry];
  const moved = new Counter({
    name: 'demo_saga_transitions_total',
    help: 'Users created or decided, by what caused it; a timeout is one of the causes.',
    labelNames: ['event'] as const,
    registers,
  });
  const resent = new Counter({
    name: 'demo_saga_resent_total',
    help: 'Messages that were left over by a crash or an outage, and sent later.',
    labelNames: ['topic'] as const,
    registers,
  });
  for (const event of sagaEvents) moved.inc({ event }, 0); // else rate() misses the first (traps O3)
  for (const topic of ['user-approve', 'user-create-response']) resent.inc({ topic }, 0);
  return { moved, ignored, resent };
}
