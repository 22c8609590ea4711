import { EnvReader } from '@lagscaler/demo-shared/env-reader.ts';
import { readFaults } from '@lagscaler/demo-shared/fault.ts';
import { createLog } from '@lagscaler/demo-shared/log.ts';
import { createTracing } from '@lagscaler/demo-shared/tracing.ts';
import type { Message } from 'kafkajs';
import { Registry } from 'prom-client';
import { createFakeStore } from '../fake-store.ts';
import { createOperationMetrics } from '../operation-metrics.ts';
import { createOutbox } from '../outbox.ts';
import { createWaiters } from '../waiters.ts';
import { createApp } from './app.ts';
import { serve } from './server.ts';

const leaseMs = 1_000;

/** For tests: the HTTP interface on a port of this machine, on a store in memory. */
export async function startTestApp() {
  const log = createLog('silent', {});
  const store = createFakeStore();
  const produced: Message[] = [];
  const outbox = createOutbox({
    store,
    send: async (message) => void produced.push(message),
    log,
    timing: { leaseMs, sweepMs: 20, noteMs: 5, flushMs: 100 },
  });
  const waiters = createWaiters(store, 10);
  const registry = new Registry();
  const probes: { live: string | undefined; ready: string | undefined } = {
    live: undefined,
    ready: undefined,
  };
  const app = createApp({
    store,
    outbox,
    waiters,
    log,
    leaseMs,
    faults: readFaults(new EnvReader({}), []),
    tracing: createTracing({ serviceName: 'test', podName: '' }),
    metrics: createOperationMetrics(registry, async () => undefined),
    health: { registry, notLive: () => probes.live, notReady: () => probes.ready },
  });
  const http = await serve(app, '127.0.0.1', 0);
  return {
    url: `http://127.0.0.1:${http.port}`,
    port: http.port,
    store,
    produced,
    probes,
    waiters,
    async close() {
      await waiters.stop();
      await http.close();
      await outbox.stop();
    },
  };
}
