import { type Answers, approvalTopics, createApprovalTopics, startLoad } from '../approval-load.ts';
import type { Cluster } from '../cluster.ts';
import { applyObject, installApprovalService, installOperator, sampleScaler } from '../install.ts';
import { deleteTopics } from '../kafka.ts';
import { createKubeReader, type KubeReader } from '../kube.ts';
import { createLagProbe } from '../lag-probe.ts';
import { until } from '../until.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import type { Recording, Sample } from './recording.ts';

const name = 'user-approval-service';
const partitions = 40;
const recordsPerSecond = 60;
/** With 60 records/s on 40 replicas this much is always in flight. */
const drainedLag = 40n;
const seconds = { fallingBehind: 25, mayDrain: 90, calm: 15, mayScaleIn: 90 };

export interface Stage {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly kube: KubeReader;
  close(): Promise<void>;
}

/** Everything in place as a platform team would have it, with the scaler in Recommend mode. */
export async function prepareStage(cluster: Cluster): Promise<Stage> {
  const namespace = 'lagscaler-demo';
  const servers = cluster.bootstrapServers;
  const step = async (title: string, work: () => Promise<unknown>) => {
    const started = performance.now();
    await work();
    console.log(`✓ ${title}  ${((performance.now() - started) / 1000).toFixed(1)} s`);
  };
  await cluster.kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=50s']);
  await step(`topics with ${partitions} partitions`, () =>
    createApprovalTopics(servers, partitions),
  );
  await step('CRD, RBAC and operator', () => installOperator(cluster));
  await step(`Deployment ${name}, 1 replica`, () =>
    installApprovalService(cluster, namespace, { replicas: 1 }),
  );
  await step(`KafkaConsumerScaler ${name}, mode Recommend`, () =>
    applyObject(cluster, sampleScaler(cluster, `${name}.yaml`, namespace, { mode: 'Recommend' })),
  );
  const kube = createKubeReader(cluster.kubeconfig);
  return {
    cluster,
    namespace,
    kube,
    /** On a cluster that lives on, nothing of the demo but the operator stays. */
    async close() {
      await kube.close();
      if (cluster.stack) return;
      await cluster.kubectl(['delete', 'namespace', namespace, '--timeout=55s']);
      await deleteTopics(servers, Object.values(approvalTopics));
    },
  };
}

export interface Story {
  readonly recording: Recording;
  readonly run: {
    readonly dueAtMs: number;
    readonly answers: Answers;
    readonly rebalances: number;
  };
}

/** The three phases, live in the terminal. */
export async function runStory(stage: Stage, signal: AbortSignal): Promise<Story> {
  const { cluster, namespace, kube } = stage;
  const pod = await firstPod(stage);
  const probe = createLagProbe(cluster.bootstrapServers, name, approvalTopics.requests);
  const load = await startLoad(cluster.bootstrapServers, recordsPerSecond);
  const recorder = createRecorder({ kube, probe, namespace, name });
  try {
    recorder.phase('1 Recommend', 'one replica falls behind, the scaler only recommends');
    await recorder.forSeconds(seconds.fallingBehind, signal);
    const dueAtMs = await activate(stage, recorder, signal);
    const drained = (s: Sample) => s.lag !== undefined && s.lag <= drainedLag;
    await recorder.untilSample(drained, seconds.mayDrain, signal);
    await recorder.forSeconds(seconds.calm, signal);
    recorder.phase('3 No load', 'back to the minimum');
    await load.stop();
    const back = (s: Sample) => s.replicas === 1 && s.ready === 1 && s.lag === 0n;
    await recorder.untilSample(back, seconds.mayScaleIn, signal);
    const answers = await load.answers();
    return {
      recording: recorder.recording,
      run: { dueAtMs, answers, rebalances: await rebalancesSeenBy(stage, pod) },
    };
  } finally {
    await load.stop();
    await recorder.stop();
    await probe.close();
  }
}

/** Active from now on. @returns when that was, in ms since the load began: lag is over the threshold long since */
async function activate(stage: Stage, recorder: Recorder, signal: AbortSignal): Promise<number> {
  recorder.phase('2 Active', 'one jump, the lag drains, calm');
  const dueAtMs = recorder.elapsedMs();
  const patch = ['--type=merge', '-p', '{"spec":{"mode":"Active"}}'];
  await stage.cluster.kubectl(['patch', 'kcs', name, '-n', stage.namespace, ...patch]);
  signal.throwIfAborted();
  return dueAtMs;
}

/** The pod that runs already, made the last to go, so that it can tell of everything. */
async function firstPod({ cluster, namespace }: Stage): Promise<string> {
  const pods = await cluster.kubectl(['get', 'pods', '-n', namespace, '-o', 'name']);
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
