import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Census } from './store.ts';
import { operationStates } from './transitions.ts';

export interface OperationMetrics {
  readonly requests: Counter<'method' | 'route' | 'status'>;
  readonly requestSeconds: Histogram<'method' | 'route'>;
  readonly sagaSeconds: Histogram<'state'>;
}

/**
 * The metrics that only this service has.
 * @param census undefined while the store cannot be asked: then the gauges are missing, never zero
 */
export function createOperationMetrics(
  registry: Registry,
  census: () => Promise<Census | undefined>,
): OperationMetrics {
  const registers = [registry];
  const sagaSeconds = new Histogram({
    name: 'demo_saga_duration_seconds',
    help: 'From the creation of an operation to its end, by state.',
    labelNames: ['state'] as const,
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200],
    registers,
  });
  for (const state of ['completed', 'failed']) sagaSeconds.zero({ state });
  registerGauges(registers, census);
  return {
    requests: new Counter({
      name: 'demo_http_requests_total',
      help: 'HTTP requests by method, pattern of the route, and status; 499: the client went away.',
      labelNames: ['method', 'route', 'status'] as const,
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'demo_http_request_seconds',
      help: 'From the request to the end of its answer, without long polls.',
      labelNames: ['method', 'route'] as const,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    sagaSeconds,
  };
}

/** Of the whole database: every replica tells the same numbers. */
function registerGauges(registers: Registry[], census: () => Promise<Census | undefined>): void {
  new Gauge({
    name: 'demo_operations',
    help: 'Stored operations by state; the same from every replica. Missing while MongoDB is.',
    labelNames: ['state'] as const,
    registers,
    async collect() {
      const counted = await census();
      this.reset();
      for (const state of counted ? operationStates : []) {
        this.set({ state }, counted?.byState[state] ?? 0);
      }
    },
  });
  new Gauge({
    name: 'demo_outbox_messages',
    help: 'Stored messages not yet known to be sent; the same from every replica. Missing while MongoDB is.',
    registers,
    async collect() {
      const counted = await census();
      if (counted === undefined) this.remove();
      else this.set(counted.unsent);
    },
  });
}
