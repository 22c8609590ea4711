import type { Config } from './config.ts';
import { createCalendar } from './controller/calendar.ts';
import { systemClock } from './controller/clock.ts';
import { createConflicts } from './controller/conflicts.ts';
import { createController } from './controller/controller.ts';
import type { ControllerPorts } from './controller/ports.ts';
import { createScalerStates } from './controller/state.ts';
import { createLagSource } from './kafka/lag-source.ts';
import { createKubeClient } from './kube/client.ts';
import { createDiscovery } from './kube/discovery.ts';
import { createEventRecorder } from './kube/events.ts';
import { createHpas } from './kube/hpas.ts';
import { createLeaderElection } from './kube/leader-election.ts';
import { createPodReader } from './kube/pods.ts';
import { createScaleTarget } from './kube/scale-target.ts';
import { createScalerStore } from './kube/scalers.ts';
import { createSecretReader } from './kube/secrets.ts';
import { createTargets } from './kube/targets.ts';
import { outcomeReporter } from './outcome-reporter.ts';
import type { Logger } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { serve } from './telemetry/server.ts';

export interface Operator {
  /** Stops acting, lets a write in flight end, gives the lease back, closes Kafka. */
  stop(withinMs: number): Promise<void>;
}

interface Hooks {
  readonly onLeadershipLost: () => void;
}

/** The operator, wired: ports → controller → leadership → serve. */
export async function startOperator(config: Config, log: Logger, hooks: Hooks): Promise<Operator> {
  const metrics = createMetrics();
  let stopping = false;

  // Ports: the API server and Kafka.
  const client = createKubeClient({
    kubeconfig: config.kubeconfig,
    requestTimeoutMs: config.kubeRequestTimeoutMs,
    onRequest: ({ verb, resource }) => metrics.kubeRequests.inc({ verb, resource }),
  });
  const kube = {
    client,
    clock: systemClock,
    namespaces: config.namespaces,
    onRestart(resource: string, error: unknown) {
      metrics.watchRestarts.inc({ resource });
      if (error) log.warn({ resource, err: error }, 'watch failed and starts again');
    },
    onHandlerError: (resource: string, error: unknown) =>
      log.error({ resource, err: error }, 'a change could not be handled'),
  };
  const scalers = createScalerStore({ ...kube, onChange: (key) => onScalerChange(key) });
  const targets = createTargets({
    ...kube,
    onChange(ref) {
      for (const scaler of conflicts.scalersOf(ref)) enqueue(scaler.key);
    },
  });
  const hpas = createHpas(kube);
  const secrets = createSecretReader(kube);
  const discovery = createDiscovery(kube);
  const target = createScaleTarget({ client, targets, hpas, discovery });
  const events = createEventRecorder({ ...kube, onDropped: () => metrics.eventsDropped.inc() });
  const lag = createLagSource({
    readTimeoutMs: config.kafkaReadTimeoutMs,
    onRead: ({ outcome, seconds }) => metrics.offsetReadSeconds.observe({ outcome }, seconds),
    onRequest: (api) => metrics.kafkaRequests.inc({ api }),
  });

  // Controller: one reconcile per scaler and poll, only while this replica leads.
  const conflicts = createConflicts(scalers, target);
  const { onOutcome, forget } = outcomeReporter(log, metrics);
  const ports: ControllerPorts = {
    scalers,
    target,
    pods: createPodReader({ client }),
    secrets,
    identity: config.identity,
    lag,
    events,
    clock: systemClock,
    calendar: createCalendar(systemClock.now),
    states: createScalerStates((key) => {
      lag.release(key);
      secrets.release(key);
      forget(key);
    }, systemClock),
    mayWrite: () => !stopping && isLeader(),
    conflictOf: (scaler) => conflicts.of(scaler),
    onOutcome,
    onStatusFailure(scaler, error) {
      metrics.reconcileErrors.inc({ class: 'status' });
      log.warn({ scaler: scaler.key, err: error }, 'status could not be written');
    },
    onPodsUnknown: (scaler, error) =>
      log.warn({ scaler: scaler.key, err: error }, 'unschedulable pods cannot be counted'),
  };
  const controller = createController(ports, {
    concurrency: config.maxConcurrentReconciles,
    onReconcile(key, seconds, error) {
      metrics.reconcileSeconds.observe(seconds);
      metrics.workqueueDepth.set(controller.depth);
      if (!error) return;
      metrics.reconcileErrors.inc({ class: 'unexpected' });
      log.error({ scaler: key, err: error }, 'reconcile failed');
    },
  });

  // Leadership: standbys keep their caches warm and do nothing else.
  let leading = !config.leaderElection.enabled;
  const election = config.leaderElection.enabled
    ? createLeaderElection({
        ...kube,
        namespace: config.pod.namespace,
        name: config.leaderElection.leaseName,
        identity: config.pod.name,
        onStartedLeading() {
          log.info('leading');
          leading = true;
          startPolling();
        },
        onStoppedLeading() {
          if (!stopping) hooks.onLeadershipLost();
        },
        onError: (error) => log.warn({ err: error }, 'the leader lease could not be renewed'),
      })
    : undefined;
  const isLeader = () => (election ? election.isLeader() : true);
  const caches = [scalers, targets, hpas];
  const synced = () => caches.every((cache) => cache.hasSynced());
  metrics.observeCaches({
    kafkaconsumerscalers: scalers,
    workloads: targets,
    horizontalpodautoscalers: hpas,
  });

  function enqueue(key: string): void {
    if (leading && synced()) controller.enqueue(key);
  }
  function onScalerChange(key: string): void {
    conflicts.invalidate();
    enqueue(key);
  }
  function startPolling(): void {
    metrics.leader.set(1);
    for (const scaler of scalers.list()) enqueue(scaler.key);
  }

  // Serve, then start: /livez answers while the caches fill.
  const server = await serve({
    ...config.http,
    registry: metrics.registry,
    notReady: () => (synced() ? undefined : 'the caches have not synced yet'),
  });
  for (const cache of caches) cache.start();
  await allSynced(caches, () => stopping);
  log.info({ scalers: scalers.list().length }, 'caches have synced');
  election?.start();
  if (leading) startPolling();

  return {
    async stop(withinMs) {
      stopping = true;
      await controller.stop(withinMs - 1000);
      await Promise.all([election?.close(), lag.close(), ...caches.map((cache) => cache.close())]);
      await events.close();
      discovery.close();
      await secrets.close();
      await Promise.all([client.close(), server.close()]);
    },
  };
}

async function allSynced(
  caches: readonly { hasSynced(): boolean }[],
  given: () => boolean,
): Promise<void> {
  while (!given() && !caches.every((cache) => cache.hasSynced()))
    await new Promise((resolve) => setTimeout(resolve, 20));
}
