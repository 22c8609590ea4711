import { randomUUID } from 'node:crypto';
import type { Env } from '@lagscaler/demo-shared/env-reader.ts';
import { serveHealth } from '@lagscaler/demo-shared/http.ts';
import type { RunningService } from '@lagscaler/demo-shared/lifecycle.ts';
import { createMongo } from '@lagscaler/demo-shared/mongo.ts';
import { createRuntime } from '@lagscaler/demo-shared/runtime.ts';
import { pause } from '@lagscaler/demo-shared/time.ts';
import { loadConfig } from './config.ts';
import { createCoordinator } from './coordinator.ts';
import { createSagaMetrics } from './metrics.ts';
import { createMongoUserStore } from './mongo-store.ts';
import { registerPendingGauges } from './pending-gauges.ts';
import { sweep } from './sweep.ts';
import { createSweepTurn } from './sweep-turn.ts';
import { startSweeper } from './sweeper.ts';

const name = 'user-service';
const consumes = ['user-create', 'user-approve-response'];
const produces = ['user-approve', 'user-create-response'];

/** Messages of one partition in hand at once: they wait for the database most of the time. */
const concurrency = 50;
/** For a message: a user that is not there is looked for during about a second. */
const longestWorkMs = 2_000;
/** Longer than sending takes unless its process has died or Kafka is away. */
const resendAfterMs = 10_000;
const sweepEveryMs = 5_000;

/**
 * Starts the service and returns when it serves its probes; Kafka and MongoDB may come later. Several
 * may run in one process: nothing is shared, and the process itself is left alone.
 * @throws ConfigError for a bad environment; Error when the HTTP address cannot be bound
 */
export async function start(env: Env): Promise<RunningService> {
  const { service, kafka, mongo: connection, saga, faults } = loadConfig(env);
  const runtime = createRuntime({ name, service, kafka, faults, consumes, produces });
  const { log, metrics, signal, producer } = runtime;
  const mongo = createMongo(connection, name, log);
  const store = createMongoUserStore({ db: mongo.db, log, signal });
  const coordinator = createCoordinator({
    store,
    send: (topic, message, onRetry) => producer.send({ topic, messages: [message] }, onRetry),
    faults,
    metrics: createSagaMetrics(metrics),
    now: Date.now,
    newUuid: randomUUID,
    wait: (ms) => pause(ms, signal),
    resendAfterMs,
  });
  const countPending = () => store.countPending(Date.now() - saga.stuckMs);
  registerPendingGauges(metrics.registry, countPending, () => performance.now());

  let notReady = async (): Promise<string | undefined> => 'starting';
  const http = await serveHealth({
    host: service.httpHost,
    port: service.httpPort,
    registry: metrics.registry,
    notLive: runtime.progress.stalled,
    notReady: () => notReady(),
  });
  const consumer = runtime.consume({
    handlers: {
      'user-create': coordinator.userCreate,
      'user-approve-response': coordinator.approveResponse,
    },
    requiredTopics: produces,
    longestWorkMs,
    concurrency,
  });
  notReady = async () => consumer.notReady() ?? (await mongo.notReady()) ?? store.notReady();
  const sweeper = startSweeper({
    sweep: (now, stopping) => {
      const { timeoutMs } = saga;
      return sweep({ store, coordinator, resendAfterMs, timeoutMs, signal: stopping, log }, now);
    },
    turn: createSweepTurn(mongo.db),
    notReady: () => store.notReady() ?? consumer.notReady(),
    everyMs: sweepEveryMs,
    log,
  });
  log.info({ port: http.port, saga }, 'started');
  const endWork = async () => {
    await Promise.all([consumer.stop(), sweeper.stop()]); // neither rejects
  };
  return runtime.running([endWork, mongo.close, http.close]);
}
