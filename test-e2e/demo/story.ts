import type { Cluster } from '../cluster.ts';
import { demoServices } from '../demo-objects.ts';
import { applyObject, installDemoServices, installOperator, sampleScaler } from '../install.ts';
import { createKubeReader, type KubeReader } from '../kube.ts';
import { removeSaga } from '../saga.ts';
import { expectBalance } from '../saga-balance.ts';
import { until } from '../until.ts';
import type { DemoProfile } from './profiles.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import type { Recording, Run, Sample } from './recording.ts';
import { type SagaLoad, startSagaLoad } from './saga-load.ts';
import { createSagaProbe } from './saga-probe.ts';

const name = 'user-approval-service';

export interface Stage {
  readonly cluster: Cluster;
  readonly profile: DemoProfile;
  readonly namespace: string;
  readonly kube: KubeReader;
  /** operation-service as seen from here. */
  readonly url: string;
  close(): Promise<void>;
}

/** Everything in place as a platform team would have it, with the scaler of the approval service in Recommend mode. */
export async function prepareStage(cluster: Cluster, profile: DemoProfile): Promise<Stage> {
  const namespace = 'lagscaler-demo';
  const step = async (title: string, work: () => Promise<unknown>) => {
    const started = performance.now();
    await work();
    console.log(`✓ ${title}  ${((performance.now() - started) / 1000).toFixed(1)} s`);
  };
  const clear = async () => {
    const doomed = ['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=55s'];
    await cluster.kubectl(doomed);
    await removeSaga(cluster);
  };
  await step('nothing left of an earlier demo', clear);
  await step('CRD, RBAC and operator', () => installOperator(cluster));
  await step(`${profile.partitions} partitions for each topic, three services`, () =>
    installDemoServices(cluster, namespace, {
      topics: topicsOf(profile),
      env: { [name]: { WORK_MS: String(profile.workMs) } },
      light: profile.light ? [name] : [],
    }),
  );
  await step('three KafkaConsumerScalers, the one of the approval service in Recommend', () =>
    Promise.all(demoServices.map((service) => applyScaler(cluster, namespace, service, profile))),
  );
  const kube = createKubeReader(cluster.kubeconfig);
  const service = await cluster.serviceUrl(namespace, 'operation-service');
  return {
    cluster,
    profile,
    namespace,
    kube,
    url: service.url,
    /** On a cluster that lives on, nothing of the demo but the operator stays. */
    async close() {
      await service.close();
      await kube.close();
      if (!cluster.stack) await clear();
    },
  };
}

function topicsOf({ partitions, maxReplicas }: DemoProfile) {
  const enough = partitions >= maxReplicas;
  return { profile: enough ? ('default' as const) : ('compat' as const), partitions, maxReplicas };
}

function applyScaler(
  cluster: Cluster,
  namespace: string,
  service: string,
  profile: DemoProfile,
): Promise<void> {
  const { maxReplicas } = profile;
  const scaled = service === name;
  const file = scaled ? profile.sample : `${service}.yaml`;
  const sample = sampleScaler(cluster, file, namespace);
  const { behavior } = sample.spec as { behavior?: { scaleUp?: object } };
  const policies = [{ type: 'Pods', value: maxReplicas, periodSeconds: 1 }];
  const spec = scaled && {
    mode: 'Recommend',
    maxReplicas,
    ...(behavior && { behavior: { ...behavior, scaleUp: { ...behavior.scaleUp, policies } } }),
  };
  return applyObject(cluster, { ...sample, spec: { ...sample.spec, ...spec } });
}

export interface Story {
  readonly recording: Recording;
  readonly run: Run;
  /** One of the operations, to look at. */
  readonly uuid: string;
}

/** The phases, live in the terminal. */
export async function runStory(stage: Stage, signal: AbortSignal): Promise<Story> {
  const { cluster, profile, namespace, kube } = stage;
  const pod = await firstPod(stage);
  const probe = createSagaProbe(cluster.bootstrapServers);
  const recorder = createRecorder({ kube, probe, namespace });
  const load = startSagaLoad(stage.url, profile.usersPerSecond, performance.now());
  try {
    recorder.phase('1 Falling behind', 'one replica, nothing scales it');
    await recorder.forSeconds(profile.fallingBehindSeconds, signal);
    const dueAtMs = await activate(stage, recorder, signal);
    const drainedAtMs = await catchUp(profile, recorder, signal);
    await ramp(profile, recorder, load, signal);
    recorder.phase('4 Cooling down', 'the load stops, back to the minimum');
    await load.stop();
    const { minReplicas } = profile;
    // The first pod lives through all of it, but not through a scale to zero.
    const rebalances = minReplicas === 0 ? await rebalancesSeenBy(stage, pod) : undefined;
    const back = ({ replicas, ready, lag }: Sample) =>
      replicas === minReplicas && ready === minReplicas && lag === 0n;
    await recorder.untilSample(back, profile.coolDownSeconds, signal);
    const { load: reports, sagas, accepted } = await load.result(60_000);
    const [uuid = ''] = accepted.keys();
    return {
      recording: recorder.recording,
      uuid,
      run: {
        dueAtMs,
        drainedAtMs,
        sagas,
        posts: {
          sent: sum(reports, ({ sent }) => sent),
          accepted: sum(reports, (report) => report.accepted),
          errors: reports.map(({ errors }) => errors),
          latencyMs: reports.map(({ latencyMs }) => latencyMs),
        },
        rebalances: rebalances ?? (await rebalancesSeenBy(stage, pod)),
        balance: await expectBalance(cluster, accepted),
      },
    };
  } finally {
    await load.stop();
    await load.close();
    await recorder.stop();
    await probe.close();
  }
}

function sum<T>(items: readonly T[], pick: (item: T) => number): number {
  return items.reduce((total, item) => total + pick(item), 0);
}

/** Active from now on. @returns when that was, in ms since the load began: lag is over the threshold long since */
async function activate(stage: Stage, recorder: Recorder, signal: AbortSignal): Promise<number> {
  const { partitions, maxReplicas } = stage.profile;
  const story =
    partitions < maxReplicas
      ? `the operator may act, but only ${partitions} replicas can own a partition`
      : 'the operator may act: one jump, the lag drains, the size settles';
  recorder.phase(`2${partitions < maxReplicas ? 'c' : ''} Catching up`, story);
  const dueAtMs = recorder.elapsedMs();
  const patch = ['--type=merge', '-p', '{"spec":{"mode":"Active"}}'];
  await stage.cluster.kubectl(['patch', 'kcs', name, '-n', stage.namespace, ...patch]);
  signal.throwIfAborted();
  return dueAtMs;
}

/** @returns when the lag was drained, or the phase over, in ms since the load began */
async function catchUp(
  { catchUp, usersPerSecond }: DemoProfile,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<number> {
  if (catchUp.kind === 'capped') {
    await recorder.forSeconds(catchUp.seconds, signal);
    return recorder.elapsedMs();
  }
  // What arrives within two seconds is always on its way.
  const drained = (s: Sample) => s.lag !== undefined && s.lag <= BigInt(2 * usersPerSecond);
  await recorder.untilSample(drained, catchUp.withinSeconds, signal);
  const drainedAtMs = recorder.elapsedMs();
  const settled = untilCalm(catchUp.calmSeconds);
  if (catchUp.kind === 'settle') await recorder.untilSample(settled, catchUp.withinSeconds, signal);
  else await recorder.forSeconds(catchUp.calmSeconds, signal);
  return drainedAtMs;
}

/**
 * Whether the replicas, all of them ready, have been the same for so long, and not only because something keeps
 * them from being fewer: in the second half of that time the load has asked for them.
 */
function untilCalm(seconds: number): (sample: Sample) => boolean {
  let since = 0;
  let askedForAt = 0;
  let before: Sample | undefined;
  return (sample) => {
    const { t, wish, replicas, ready } = sample;
    if (before?.replicas !== replicas || ready !== replicas) since = t;
    if (wish >= replicas) askedForAt = t;
    before = sample;
    return t - since >= seconds && t - askedForAt <= seconds / 2;
  };
}

async function ramp(
  { ramp, workMs }: DemoProfile,
  recorder: Recorder,
  load: SagaLoad,
  signal: AbortSignal,
): Promise<void> {
  for (const { usersPerSecond, seconds } of ramp) {
    const needed = Math.ceil((usersPerSecond * workMs) / 1000);
    recorder.phase(
      `3 Ramp: ${usersPerSecond}/s`,
      `${usersPerSecond} users/s at ${workMs / 1000} s of work each need ${needed} replicas`,
    );
    load.change(usersPerSecond);
    await recorder.forSeconds(seconds, signal);
  }
}

/** The pod that runs already, made the last to go, so that it can tell of everything. */
async function firstPod({ cluster, namespace }: Stage): Promise<string> {
  const selector = ['-l', `app=${name}`];
  const pods = await cluster.kubectl(['get', 'pods', '-n', namespace, ...selector, '-o', 'name']);
  const [pod = ''] = pods.trim().split('\n');
  const cost = 'controller.kubernetes.io/pod-deletion-cost=100';
  await cluster.kubectl(['annotate', '-n', namespace, pod, cost]);
  return pod.replace('pod/', '');
}

/** It lives through all of it: each time the group formed anew, it joined again. */
async function rebalancesSeenBy({ cluster, namespace }: Stage, pod: string): Promise<number> {
  const metrics = await until('the metrics of the first pod', () =>
    cluster.podGet(namespace, pod, 5000, '/metrics'),
  );
  return Number(/^demo_rebalances_total(?:\{[^}]*\})? (\d+)/m.exec(metrics)?.[1] ?? -1);
}
