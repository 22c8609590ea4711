import type { ApiClient } from './api.ts';
import { microTimestamp } from './clock.ts';
import type { Pod } from './types.ts';

/** Tells the story of a pod in `kubectl describe pod`. Never throws, never waits. */
export interface EventRecorder {
  publish(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** The same event of the same pod is told at most this often. */
const repeatAfterMs = 30_000;

export function createEventRecorder(api: ApiClient, node: string): EventRecorder {
  const recent = new Set<string>();
  return {
    publish(pod, type, reason, message) {
      const { namespace, name, uid } = pod.metadata;
      const key = `${uid} ${reason} ${message}`;
      if (recent.has(key)) return;
      recent.add(key);
      setTimeout(() => recent.delete(key), repeatAfterMs).unref();
      const event = {
        metadata: { generateName: `${name}.`, namespace },
        involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
        ...{ type, reason, message: message.slice(0, 1000), action: reason },
        eventTime: microTimestamp(),
        reportingComponent: 'lagscaler-node-agent',
        reportingInstance: node,
      };
      // Lost when the API server is down or the namespace is going away: the status tells it, too.
      api.post(`/api/v1/namespaces/${namespace}/events`, event).catch(() => undefined);
    },
  };
}
