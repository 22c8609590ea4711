import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeReader } from '../kube.ts';
import type { createLagProbe, Progress } from '../lag-probe.ts';
import type { Recording, Sample } from './recording.ts';

interface Sources {
  readonly kube: KubeReader;
  readonly probe: ReturnType<typeof createLagProbe>;
  readonly namespace: string;
  readonly name: string;
}

export type Recorder = ReturnType<typeof createRecorder>;

/** Looks once a second, tells a line, and keeps what it saw. */
export function createRecorder(sources: Sources) {
  const started = Date.now();
  const elapsedMs = () => Date.now() - started;
  const recording: Recording = { samples: [], phases: [], scalings: [] };
  const ended = new AbortController();
  const watching = watchScalings(sources, recording, elapsedMs, ended.signal);
  let before: (Progress & { readonly atMs: number }) | undefined;

  async function look(): Promise<Sample> {
    const { kube, probe, namespace, name } = sources;
    const [progress, { status }, deployment] = await Promise.all([
      probe.read(),
      kube.scaler(namespace, name),
      kube.deployment(namespace, name),
    ]);
    const atMs = elapsedMs();
    const seconds = before ? (atMs - before.atMs) / 1000 : 1;
    const perSecond = (pick: (p: Progress) => bigint) =>
      progress && before ? Math.round(Number(pick(progress) - pick(before)) / seconds) : 0;
    const sample: Sample = {
      t: Math.round(atMs / 100) / 10,
      lag: progress?.lag,
      producedPerSecond: perSecond((p) => p.produced),
      consumedPerSecond: perSecond((p) => p.consumed),
      desired: status?.desiredReplicas ?? deployment.spec.replicas,
      replicas: deployment.spec.replicas,
      ready: deployment.status.readyReplicas ?? 0,
      reason: status?.decision?.message ?? '',
    };
    if (progress) before = { ...progress, atMs };
    recording.samples.push(sample);
    return sample;
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

const header = '    time     lag   in/s  out/s  replicas  ready  why';

function lineOf({ t, lag, producedPerSecond, consumedPerSecond, ...s }: Sample): string {
  const replicas = s.desired === s.replicas ? `${s.replicas}` : `${s.replicas} → ${s.desired}`;
  const columns = [
    `${t.toFixed(0)} s`.padStart(8),
    `${lag ?? '?'}`.padStart(7),
    `${producedPerSecond}`.padStart(6),
    `${consumedPerSecond}`.padStart(6),
    replicas.padStart(9),
    `${s.ready}`.padStart(6),
  ];
  return `${columns.join(' ')}  ${s.reason}`.slice(0, process.stdout.columns ?? 140);
}

/** Every accepted change of spec.replicas, at the moment the API server tells it. */
async function watchScalings(
  { kube, namespace, name }: Sources,
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
    await kube.watchReplicas(namespace, name, onChange, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
