import type { Env } from '@lagscaler/demo-shared/env-reader.ts';
import type { RunningService } from '@lagscaler/demo-shared/lifecycle.ts';
import { createMongo } from '@lagscaler/demo-shared/mongo.ts';
import { createRuntime } from '@lagscaler/demo-shared/runtime.ts';
import { cachedCensus } from './census.ts';
import { loadConfig } from './config.ts';
import type { OperationDocument } from './documents.ts';
import { createApp } from './http/app.ts';
import { serve } from './http/server.ts';
import { createIndexCheck } from './indexes.ts';
import { takeCensus } from './mongo-census.ts';
import { createMongoOutbox } from './mongo-outbox.ts';
import { createMongoStore } from './mongo-store.ts';
import { createOperationMetrics } from './operation-metrics.ts';
import { createOutbox, outboxTiming } from './outbox.ts';
import { endOperation } from './responses.ts';
import { createWaiters } from './waiters.ts';

const name = 'operation-service';
const requests = 'user-create';
const responses = 'user-create-response';

/** Messages of one partition in hand at once: they wait for the database most of the time. */
const concurrency = 50;
/** For a message: an operation that is not there is looked for during about a second. */
const longestWorkMs = 2_000;
const lookPauseMs = 300;
const waitersLookMs = 250;
const ignoreRetry = () => undefined;
/** An acknowledged write has survived a crash of the server. */
const collectionOptions = { writeConcern: { w: 'majority', journal: true } } as const;

/**
 * Starts the service and returns when it serves HTTP; MongoDB and Kafka may come later. Several may run
 * in one process: nothing is shared, and the process itself is left alone.
 * @throws ConfigError for a bad environment; Error when the HTTP address cannot be bound
 */
export async function start(env: Env): Promise<RunningService> {
  const { service, kafka, mongo: connection, faults } = loadConfig(env);
  const consumes = [responses];
  const runtime = createRuntime({ name, service, kafka, faults, consumes, produces: [requests] });
  const { log, producer, signal, tracing, progress } = runtime;
  const { registry, ignored } = runtime.metrics;

  const mongo = createMongo(connection, name, log);
  const operations = mongo.db.collection<OperationDocument>('operation', collectionOptions);
  const store = createMongoStore(operations);
  const indexesMissing = createIndexCheck(operations, log);
  // Those that are missing are made at once, also when nobody asks.
  void indexesMissing();
  const census = cachedCensus(() => takeCensus(operations), performance.now.bind(performance));
  const metrics = createOperationMetrics(registry, census);

  const outbox = createOutbox({
    store: { ...createMongoOutbox(operations), finish: store.finish },
    send: (message) => producer.send({ topic: requests, messages: [message] }, ignoreRetry),
    log,
    timing: {
      ...outboxTiming,
      flushMs: Math.min(outboxTiming.flushMs, service.shutdownTimeoutMs / 5),
    },
  });
  const waiters = createWaiters(store, waitersLookMs);

  let stopping = false;
  const notReady = async () => (stopping ? 'stopping' : indexesMissing());
  const health = { registry, notLive: progress.stalled, notReady };
  const { leaseMs } = outboxTiming;
  const app = createApp({ store, outbox, waiters, tracing, faults, leaseMs, health, metrics, log });
  const http = await serve(app, service.httpHost, service.httpPort);

  const handler = endOperation({
    store,
    faults,
    log,
    signal,
    lookPauseMs,
    onEnded({ uuid, outcome }, createdAt) {
      metrics.sagaSeconds.observe({ state: outcome }, (Date.now() - createdAt.getTime()) / 1_000);
      waiters.wake(uuid);
    },
    onIgnored: () => ignored.inc({ topic: responses }),
  });
  const consumer = runtime.consume({
    handlers: { [responses]: handler },
    requiredTopics: [requests],
    longestWorkMs,
    concurrency,
  });
  log.info({ port: http.port }, 'started');

  // Side by side: a slow client must not keep this process in the group.
  const takeNothingMore = async () => {
    stopping = true;
    const ends = await Promise.allSettled([waiters.stop(), http.close(), consumer.stop()]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  };
  return runtime.running([takeNothingMore, outbox.stop, mongo.close]);
}
