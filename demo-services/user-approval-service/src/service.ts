import type { Env } from '@lagscaler/demo-shared/env-reader.ts';
import { serveHealth } from '@lagscaler/demo-shared/http.ts';
import type { RunningService } from '@lagscaler/demo-shared/lifecycle.ts';
import { createRuntime } from '@lagscaler/demo-shared/runtime.ts';
import { approving, requests, responses } from './approve.ts';
import { loadConfig } from './config.ts';
import { createWork } from './work.ts';

export const name = 'user-approval-service';

/**
 * Starts the service and returns when it serves its probes; Kafka may come later. Several may run in
 * one process: nothing is shared, and the process itself is left alone.
 * @throws ConfigError for a bad environment; Error when the HTTP address cannot be bound
 */
export async function start(env: Env): Promise<RunningService> {
  const { service, kafka, faults, approval, work: workConfig } = loadConfig(env);
  const [consumes, produces] = [[requests], [responses]];
  const runtime = createRuntime({ name, service, kafka, faults, consumes, produces });
  const { log, metrics, progress, producer } = runtime;
  const work = createWork(workConfig, Math.random);

  let notReady = (): string | undefined => 'starting';
  const http = await serveHealth({
    host: service.httpHost,
    port: service.httpPort,
    registry: metrics.registry,
    notLive: () => progress.stalled(),
    notReady: () => notReady(),
  });
  // One message at a time: the cost of a message is what makes this service worth scaling.
  const consumer = runtime.consume({
    handlers: { [requests]: approving(approval, { work, producer, faults }) },
    requiredTopics: produces,
    longestWorkMs: workConfig.workMs + workConfig.jitterMs,
  });
  notReady = consumer.notReady;
  log.info({ port: http.port, rule: approval.rule, work: workConfig }, 'started');
  return runtime.running([consumer.stop, work.close, http.close]);
}
