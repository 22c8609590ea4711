import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { operatorNamespace } from './install.ts';
import type { KubeReader } from './kube.ts';
import { podProcess } from './local/node-agent/pod-process.ts';
import { type MetricsText, parseMetrics } from './metrics-text.ts';
import { until } from './until.ts';

interface PodView {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

interface LeaseView {
  readonly spec: { readonly holderIdentity?: string; readonly acquireTime?: string };
}

/** The operator that the suite has installed, in its pod. */
export function operatorPod({ cluster, kube }: { cluster: Cluster; kube: KubeReader }) {
  async function pod(): Promise<PodView> {
    const path = `/api/v1/namespaces/${operatorNamespace}/pods`;
    const list = await kube.get<{ items: readonly PodView[] }>(path);
    const [only, other] =
      list?.items.filter((p) => p.metadata.labels?.['app'] === 'lagscaler') ?? [];
    if (!only || other) throw new Error('there is not exactly one pod of the operator');
    return only;
  }
  const isReady = ({ status }: PodView) =>
    status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true;
  const restartsOf = ({ status }: PodView) => status.containerStatuses?.[0]?.restartCount ?? 0;
  const lease = async () => {
    const path = '/apis/coordination.k8s.io/v1/namespaces';
    return (await kube.get<LeaseView>(`${path}/${operatorNamespace}/leases/lagscaler`))?.spec;
  };

  return {
    /** How often its container was started again, and whether it is ready now. */
    async health() {
      const found = await pod();
      return { restarts: restartsOf(found), ready: isReady(found) };
    },
    /**
     * A function that kills its process with SIGKILL at once, without a look-up in between.
     * Embedded stack only.
     */
    async killer(): Promise<() => void> {
      if (!cluster.stack) throw new Error('only the embedded stack runs pods as processes');
      const pid = podProcess(cluster.stack.dir, operatorNamespace, (await pod()).metadata.name);
      return () => process.kill(-pid, 'SIGKILL');
    },
    /** Who holds the lease, and since when in epoch ms. */
    async leader() {
      const spec = await lease();
      return { identity: spec?.holderIdentity, since: Date.parse(spec?.acquireTime ?? '') };
    },
    /** Returns when another process leads than `before`, with the epoch ms of its election. */
    async nextLeader(before: { readonly identity: string | undefined }) {
      return until(
        'another leader',
        async () => {
          const { identity, since } = await this.leader();
          return identity !== undefined && identity !== before.identity && { identity, since };
        },
        { withinMs: 60_000 },
      );
    },
    async metrics(): Promise<MetricsText> {
      const { name } = (await pod()).metadata;
      return parseMetrics(await cluster.podGet(operatorNamespace, name, 8080, '/metrics'));
    },
    /** A function that reads what it has logged from now on, also while there is no API server. */
    async newLog(): Promise<() => Promise<string>> {
      const { name } = (await pod()).metadata;
      const { stack } = cluster;
      const file = `${operatorNamespace}_${name}_operator.log`;
      const read = async () =>
        stack
          ? readFileSync(join(stack.dir, 'logs', 'pods', file), 'utf8')
          : cluster.kubectl(['logs', '-n', operatorNamespace, name]);
      const start = (await read()).length;
      return async () => (await read()).slice(start);
    },
  };
}
