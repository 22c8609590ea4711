import { type ConsumeLoop, startConsuming } from './consumer.ts';
import { createDeadLetters, createTopicLookup } from './dead-letter.ts';
import type { FaultPoints } from './fault.ts';
import { guardedWork, type Handler } from './guarded-work.ts';
import { createKafka, type Kafka } from './kafka.ts';
import type { KafkaConnection } from './kafka-config.ts';
import { createRunningService, type RunningService } from './lifecycle.ts';
import { createLog, type Logger } from './log.ts';
import { createMetrics, type ServiceMetrics } from './metrics.ts';
import { createReliableProducer, type ReliableProducer } from './producer.ts';
import { createProgress, type Progress } from './progress.ts';
import type { ServiceConfig } from './service-config.ts';
import { createTracing, type Tracing } from './tracing.ts';

export interface RuntimeOptions {
  /** Of the service, and the id of its consumer group. */
  readonly name: string;
  readonly service: ServiceConfig;
  readonly kafka: KafkaConnection;
  readonly faults: FaultPoints;
  /** Topics, known beforehand so that their counters begin at 0. */
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
}

export interface ConsumePlan {
  /** By topic; these are the topics that the group consumes. */
  readonly handlers: Readonly<Record<string, Handler>>;
  /** These must exist too before the service is ready: what it writes to. */
  readonly requiredTopics: readonly string[];
  /** The longest that the work on one message may take, in milliseconds. */
  readonly longestWorkMs: number;
  /**
   * Messages of one partition in hand at once, those of one key one after another; default 1. Above 1,
   * several partitions are in hand at once too.
   */
  readonly concurrency?: number;
}

/** What every consuming service has. Nothing in it is global: many services run in one process. */
export interface Runtime {
  readonly log: Logger;
  readonly metrics: ServiceMetrics;
  readonly tracing: Tracing;
  readonly kafka: Kafka;
  readonly producer: ReliableProducer;
  readonly progress: Progress;
  /** Aborts when a shutdown waits no longer. */
  readonly signal: AbortSignal;
  readonly faults: FaultPoints;
  /** Consumes from now on, until stopped. */
  consume(plan: ConsumePlan): ConsumeLoop;
  /** @param steps of the shutdown, in order; the producer and the tracing end after them */
  running(steps: readonly (() => Promise<void>)[]): RunningService;
}

const shortestStallMs = 30_000;

export function createRuntime(options: RuntimeOptions): Runtime {
  const { name, service, faults } = options;
  const log = createLog(service.logLevel, { service: name, pod: service.podName });
  const metrics = createMetrics({ consumed: options.consumes, produced: options.produces });
  const tracing = createTracing({
    serviceName: name,
    podName: service.podName,
    otlpEndpoint: service.otlpEndpoint,
  });
  const giveUp = new AbortController();
  const { signal } = giveUp;
  const kafka = createKafka(options.kafka, service.podName || name, log);
  const producer = createReliableProducer({ kafka, log, signal, metrics });
  const topicExists = createTopicLookup(kafka, log, signal);
  const deadLetters = createDeadLetters({ topicExists, producer, metrics, log });
  let stallMs = shortestStallMs;
  const progress = createProgress(
    () => stallMs,
    () => performance.now(),
  );
  return {
    log,
    metrics,
    tracing,
    kafka,
    producer,
    progress,
    signal,
    faults,
    consume({ handlers, requiredTopics, longestWorkMs, concurrency = 1 }) {
      stallMs = Math.max(stallMs, 10 * longestWorkMs);
      const guard = { handlers, deadLetters, metrics, progress, tracing, faults, signal };
      return startConsuming({
        kafka,
        groupId: name,
        topics: Object.keys(handlers),
        requiredTopics,
        work: guardedWork(guard),
        longestWorkMs,
        concurrency,
        signal,
        progress,
        metrics,
        log,
      });
    },
    running: (steps) =>
      createRunningService({
        timeoutMs: service.shutdownTimeoutMs,
        steps: [...steps, producer.disconnect, tracing.shutdown],
        giveUp,
        log,
      }),
  };
}
