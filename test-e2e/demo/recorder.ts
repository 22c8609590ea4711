import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeReader } from '../kube.ts';
import type { Explained, Recording, Sample } from './recording.ts';
import { type createSagaProbe, hops, type Progress, type Topic } from './saga-probe.ts';

const approval = 'user-approval-service';

interface Sources {
  readonly kube: KubeReader;
  readonly probe: ReturnType<typeof createSagaProbe>;
  readonly namespace: string;
}

type Reading = Readonly<Record<Topic, Progress | undefined>>;

export type Recorder = ReturnType<typeof createRecorder>;

/** Looks once a second, tells a line, and keeps what it saw. */
export function createRecorder(sources: Sources) {
  const started = Date.now();
  const startedAt = new Date(started).toISOString();
  const elapsedMs = () => Date.now() - started;
  const recording: Recording = { samples: [], phases: [], scalings: [], explained: [] };
  const ended = new AbortController();
  const watching = watchScalings(sources, recording, elapsedMs, ended.signal);
  let before: { readonly reading: Reading; readonly atMs: number } | undefined;

  async function look(): Promise<Sample> {
    const { kube, probe, namespace } = sources;
    const replicasOf = (service: string) => kube.deployment(namespace, service);
    const [reading, { status }, consumer, operation, user, nodes] = await Promise.all([
      probe.read(),
      kube.scaler(namespace, approval),
      replicasOf(approval),
      replicasOf('operation-service'),
      replicasOf('user-service'),
      kube.get<{ items: unknown[] }>('/api/v1/nodes'),
    ]);
    const atMs = elapsedMs();
    const perSecond = (topic: Topic, pick: (p: Progress) => bigint): number => {
      const [now, then] = [reading[topic], before?.reading[topic]];
      if (!now || !then || !before) return 0;
      return Number(pick(now) - pick(then)) / ((atMs - before.atMs) / 1000);
    };
    const produced = (topic: Topic) => perSecond(topic, (p) => p.produced);
    const sample: Sample = {
      t: Math.round(atMs / 100) / 10,
      lag: reading['user-approve']?.lag,
      otherLags: Object.fromEntries(
        hops
          .filter(({ topic }) => topic !== 'user-approve')
          .map(({ topic }) => [topic, reading[topic]?.lag]),
      ),
      eventsPerSecond: Math.round(hops.reduce((sum, { topic }) => sum + produced(topic), 0)),
      arrivalsPerSecond: Math.round(produced('user-approve')),
      approvalsPerSecond: Math.round(perSecond('user-approve', (p) => p.consumed)),
      desired: status?.desiredReplicas ?? consumer.spec.replicas,
      wish: status?.decision?.steps?.[0]?.to ?? consumer.spec.replicas,
      replicas: consumer.spec.replicas,
      ready: consumer.status.readyReplicas ?? 0,
      otherReplicas: {
        'operation-service': operation.spec.replicas,
        'user-service': user.spec.replicas,
      },
      nodes: nodes?.items.length ?? 0,
      capacity: status?.capacityPerReplica ? Number(status.capacityPerReplica) : undefined,
      reason: status?.decision?.message ?? '',
      limited: status?.conditions?.find((c) => c.type === 'ScalingLimited')?.reason ?? '',
    };
    before = { reading, atMs };
    recording.samples.push(sample);
    tellSteps(status?.history ?? []);
    return sample;
  }

  /** Each change of the replicas, once, in the scaler's own words. */
  function tellSteps(history: readonly Explained[]): void {
    const last = recording.explained.at(-1)?.time ?? startedAt;
    for (const step of history.filter(({ time }) => time > last)) {
      recording.explained.push(step);
      console.log(`\n  ${step.to > step.from ? '▲' : '▼'} ${step.message}\n`);
    }
  }

  /** One sample a second until `done` says so. @returns whether it did before the time was over */
  async function record(
    done: (sample: Sample) => boolean,
    withinSeconds: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const end = elapsedMs() + withinSeconds * 1000;
    while (elapsedMs() < end) {
      const tick = sleep(1000, undefined, { signal });
      const sample = await look();
      console.log(lineOf(sample));
      await tick;
      if (done(sample)) return true;
    }
    return false;
  }

  return {
    recording,
    elapsedMs,
    /** @param title for the chart; `story` is told in the terminal */
    phase(title: string, story: string) {
      recording.phases.push({ title, from: elapsedMs() / 1000 });
      console.log(`\nPhase ${title}: ${story}\n${header}`);
    },
    async forSeconds(seconds: number, signal: AbortSignal): Promise<void> {
      await record(() => false, seconds, signal);
    },
    untilSample: record,
    async stop() {
      ended.abort();
      await watching;
    },
  };
}

const header = '    time     lag  events/s  approvals/s  replicas  ready  why';

function lineOf(s: Sample): string {
  const replicas = s.desired === s.replicas ? `${s.replicas}` : `${s.replicas} → ${s.desired}`;
  const columns = [
    `${s.t.toFixed(0)} s`.padStart(8),
    `${s.lag ?? '?'}`.padStart(7),
    `${s.eventsPerSecond}`.padStart(9),
    `${s.approvalsPerSecond}`.padStart(12),
    replicas.padStart(9),
    `${s.ready}`.padStart(6),
  ];
  return `${columns.join(' ')}  ${s.reason}`.slice(0, process.stdout.columns ?? 140);
}

/** Every accepted change of spec.replicas, at the moment the API server tells it. */
async function watchScalings(
  { kube, namespace }: Sources,
  recording: Recording,
  elapsedMs: () => number,
  signal: AbortSignal,
): Promise<void> {
  let from: number | undefined;
  const onChange = (to: number) => {
    if (from !== undefined) recording.scalings.push({ atMs: elapsedMs(), from, to });
    from = to;
  };
  try {
    await kube.watchReplicas(namespace, approval, onChange, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
