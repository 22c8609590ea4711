import type { PodReader } from '../controller/ports.ts';
import type { KubeClient } from './client.ts';
import { toKubeError } from './errors.ts';
import { collectionPath } from './resource.ts';

export interface PodReaderOptions {
  readonly client: KubeClient;
  /** Deadline of a list: a poll must not wait long for what it can do without. Default 2 s. */
  readonly timeoutMs?: number;
}

interface PodList {
  readonly items?: readonly Pod[] | null;
}

interface Pod {
  readonly metadata: { readonly deletionTimestamp?: string };
  readonly status?: { readonly conditions?: readonly PodCondition[] };
}

interface PodCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}

const pods = { apiVersion: 'v1', plural: 'pods' };
/** More are not counted: one page says enough. */
const mostCounted = 500;

/** Lists pods on demand; a cache of all pods would cost more than the rest of the operator. */
export function createPodReader({ client, timeoutMs = 2000 }: PodReaderOptions): PodReader {
  return {
    async countUnschedulable(namespace, selector, signal) {
      const query = {
        labelSelector: selector,
        fieldSelector: 'status.phase=Pending', // running ones never leave the API server
        limit: String(mostCounted),
      };
      const path = collectionPath(pods, namespace);
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const request = { verb: 'list', resource: 'pods', path, query, signal: deadline } as const;
      try {
        const { items } = await client.request<PodList>(request);
        return { kind: 'counted', unschedulable: (items ?? []).filter(isUnschedulable).length };
      } catch (error) {
        signal.throwIfAborted();
        return { kind: 'unknown', error: toKubeError(error, `list pods ${namespace}`) };
      }
    },
  };
}

/** The verdict of the scheduler; a pod that is held back by a scheduling gate has another reason. */
function isUnschedulable({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  const scheduled = status?.conditions?.find((c) => c.type === 'PodScheduled');
  return scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
}
