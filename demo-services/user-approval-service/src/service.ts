import { startConsuming } from '@lagscaler/demo-shared/consumer.ts';
import { createDeadLetters, createTopicLookup } from '@lagscaler/demo-shared/dead-letter.ts';
import type { Env } from '@lagscaler/demo-shared/env-reader.ts';
import { guardedWork, type Handler } from '@lagscaler/demo-shared/guarded-work.ts';
import { serveHealth } from '@lagscaler/demo-shared/http.ts';
import { createKafka } from '@lagscaler/demo-shared/kafka.ts';
import { createRunningService, type RunningService } from '@lagscaler/demo-shared/lifecycle.ts';
import { createLog } from '@lagscaler/demo-shared/log.ts';
import { createMetrics, type ServiceMetrics } from '@lagscaler/demo-shared/metrics.ts';
import { createReliableProducer, type ReliableProducer } from '@lagscaler/demo-shared/producer.ts';
import { createProgress } from '@lagscaler/demo-shared/progress.ts';
import { readApplication, toResponse } from './approve.ts';
import { type Config, loadConfig } from './config.ts';
import { decide } from './rules.ts';
import { createWork, type Work } from './work.ts';

const name = 'user-approval-service';
const requests = 'user-approve';
const responses = 'user-approve-response';

/**
 * Starts the service and returns when it serves its probes; Kafka may come later. Several may run in
 * one process: nothing is shared, and the process itself is left alone.
 * @throws ConfigError for a bad environment; Error when the HTTP address cannot be bound
 */
export async function start(env: Env): Promise<RunningService> {
  const config = loadConfig(env);
  const log = createLog(config.service.logLevel, { service: name, pod: config.service.podName });
  const metrics = createMetrics({ consumed: [requests], produced: [responses] });
  const longestWorkMs = config.work.workMs + config.work.jitterMs;
  const now = () => performance.now();
  const progress = createProgress(Math.max(30_000, 10 * longestWorkMs), now);
  const giveUp = new AbortController();
  const { signal } = giveUp;

  const kafka = createKafka(config.kafka, config.service.podName || name, log);
  const producer = createReliableProducer(kafka, log, signal);
  const topicExists = createTopicLookup(kafka, log, signal);
  const deadLetters = createDeadLetters({ topicExists, producer, metrics, log });
  const work = createWork(config.work, Math.random);
  const handler = approving(config, work, producer, metrics);

  let notReady = (): string | undefined => 'starting';
  const http = await serveHealth({
    host: config.service.httpHost,
    port: config.service.httpPort,
    registry: metrics.registry,
    notLive: () => progress.stalled(),
    notReady: () => notReady(),
  });
  const consumer = startConsuming({
    kafka,
    groupId: name,
    topics: [requests],
    requiredTopics: [responses],
    work: guardedWork(handler, { deadLetters, metrics, progress }),
    longestWorkMs,
    signal,
    progress,
    metrics,
    log,
  });
  notReady = consumer.notReady;
  log.info({ port: http.port, rule: config.approval.rule, work: config.work }, 'started');
  return createRunningService({
    timeoutMs: config.service.shutdownTimeoutMs,
    steps: [consumer.stop, producer.disconnect, work.close, http.close],
    giveUp,
    log,
  });
}

/** Work first, then the answer; the same message gets the same answer however often it comes. */
function approving(
  config: Config,
  work: Work,
  producer: ReliableProducer,
  metrics: ServiceMetrics,
): Handler {
  return async (message) => {
    const application = readApplication(message.value);
    await work.run();
    const approved = decide(application.applicant, config.approval);
    const response = toResponse(application, approved, message.headers);
    return async (onRetry) => {
      await producer.send({ topic: responses, messages: [response] }, onRetry);
      metrics.produced.inc({ topic: responses });
    };
  };
}
