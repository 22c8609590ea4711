import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { until } from './until.ts';

interface PodView {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly { readonly name: string }[] };
  readonly status: {
    readonly phase?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
}

interface EventView {
  readonly type?: string;
  readonly message?: string;
  readonly involvedObject: { readonly name: string };
}

/**
 * Returns when a workload has all its replicas, new and ready.
 * @param name e.g. `deployment/user-service`
 * @throws Error with the pods that are not ready, their warnings and the ends of their logs
 */
export async function rolledOut(
  cluster: Cluster,
  namespace: string,
  name: string,
  withinMs = 180_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  // One call to kubectl may take no longer than a minute.
  const status = () => ['rollout', 'status', '-n', namespace, name, '--timeout=50s'];
  for (;;) {
    try {
      await cluster.kubectl(status());
      return;
    } catch (cause) {
      if (Date.now() < deadline) continue;
      const why = await unfinished(cluster, namespace, () => true);
      throw new Error(`${namespace}: ${name} is not rolled out\n${why}`, { cause });
    }
  }
}

/**
 * Returns when a Job has completed.
 * @throws Error with its pods and the ends of their logs as soon as it has failed
 */
export async function completed(cluster: Cluster, namespace: string, job: string): Promise<void> {
  const read = ['get', 'job', job, '-n', namespace, '-o', 'json'];
  const done = await until(
    `job/${job} ends`,
    async () => {
      const { status }: { status: { conditions?: readonly Condition[] } } = JSON.parse(
        await cluster.kubectl(read),
      );
      const isTrue = (type: string) =>
        status.conditions?.some((each) => each.type === type && each.status === 'True');
      if (isTrue('Complete')) return 'completed';
      return isTrue('Failed') ? 'failed' : undefined;
    },
    { withinMs: 180_000, everyMs: 250 },
  ).catch((error: unknown) => error);
  if (done === 'completed') return;
  const ofJob = ({ metadata }: PodView) => metadata.labels?.['job-name'] === job;
  const why = await unfinished(cluster, namespace, ofJob);
  const cause = done instanceof Error ? { cause: done } : {};
  throw new Error(`${namespace}: job/${job} has not completed\n${why}`, cause);
}

/** What can be seen of the pods that should be ready, or done, and are not. */
async function unfinished(
  cluster: Cluster,
  namespace: string,
  which: (pod: PodView) => boolean,
): Promise<string> {
  const list = async <T>(kind: string): Promise<readonly T[]> =>
    JSON.parse(await cluster.kubectl(['get', kind, '-n', namespace, '-o', 'json'])).items;
  const [pods, events] = await Promise.all([list<PodView>('pods'), list<EventView>('events')]);
  const warnings = events.filter(({ type }) => type === 'Warning');
  const late = pods.filter(
    (pod) => which(pod) && !isReady(pod) && pod.status.phase !== 'Succeeded',
  );
  const reports = late.slice(0, 3).map(async (pod) => {
    const about = warnings.filter(
      ({ involvedObject }) => involvedObject.name === pod.metadata.name,
    );
    const said = about.slice(-3).map(({ message }) => `  ${message}`);
    const log = await endOfLog(cluster, namespace, pod);
    return [summary(pod), ...said, log].join('\n');
  });
  const others = warnings.filter(
    ({ involvedObject }) => !pods.some(({ metadata }) => metadata.name === involvedObject.name),
  );
  return [
    ...(await Promise.all(reports)),
    ...others.slice(-5).map(({ involvedObject, message }) => `${involvedObject.name}: ${message}`),
  ].join('\n');
}

function isReady({ status }: PodView): boolean {
  return status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true;
}

function summary({ metadata, status }: PodView): string {
  const failing = (status.conditions ?? []).filter((each) => each.status !== 'True');
  const said = failing.map(({ type, message = '' }) => `${type}: ${message}`);
  const restarts = status.containerStatuses?.[0]?.restartCount ?? 0;
  return `pod/${metadata.name} ${status.phase}, ${restarts} restarts; ${said.join('; ')}`;
}

async function endOfLog(cluster: Cluster, namespace: string, pod: PodView): Promise<string> {
  const { name } = pod.metadata;
  const container = pod.spec.containers[0]?.name ?? '';
  try {
    // The node agent has no server for `kubectl logs`.
    const text = cluster.stack
      ? readFileSync(join(cluster.stack.dir, `logs/pods/${namespace}_${name}_${container}.log`), {
          encoding: 'utf8',
        })
      : await cluster.kubectl(['logs', '-n', namespace, name, '--tail=10']);
    const lines = text.trimEnd().split('\n').slice(-10);
    return lines.map((line) => line.slice(0, 300)).join('\n');
  } catch (error) {
    return `  no log: ${error instanceof Error ? error.message : error}`;
  }
}
