import type { Clock } from '../controller/clock.ts';
import type { TargetRef } from '../controller/ports.ts';
import type { KubeClient } from './client.ts';
import { createCollection } from './collection.ts';
import { groupOf, type RawObject } from './resource.ts';
import type { WatchHooks, WatchLifecycle } from './watch-cache.ts';

export interface HpasOptions extends WatchHooks {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
}

export interface Hpas extends WatchLifecycle {
  /** `namespace/name` of an HPA on this target; of several the first by name. */
  autoscalerOf(ref: TargetRef): string | undefined;
}

interface RawHpa extends RawObject {
  readonly spec: { readonly scaleTargetRef: Omit<TargetRef, 'namespace'> };
}

/** Which targets the HorizontalPodAutoscalers own: the only thing kept of them. */
export function createHpas(options: HpasOptions): Hpas {
  const byTarget = new Map<string, Set<string>>(); // a lookup per poll must not walk all HPAs

  const cache = createCollection<string>({
    ...options,
    resource: { apiVersion: 'autoscaling/v2', plural: 'horizontalpodautoscalers' },
    trim(raw) {
      const { metadata, spec } = raw as RawHpa;
      return targetId({ ...spec.scaleTargetRef, namespace: metadata.namespace });
    },
    onChange({ key, previous, current }) {
      if (previous !== undefined) unindex(previous, key);
      if (current !== undefined) {
        byTarget.set(current, (byTarget.get(current) ?? new Set()).add(key));
      }
    },
  });

  function unindex(target: string, key: string): void {
    const keys = byTarget.get(target);
    keys?.delete(key);
    if (keys?.size === 0) byTarget.delete(target);
  }

  return {
    start: cache.start,
    close: cache.close,
    hasSynced: cache.hasSynced,
    listAgeMs: cache.listAgeMs,
    autoscalerOf: (ref) => [...(byTarget.get(targetId(ref)) ?? [])].sort()[0],
  };
}

/** Without the version: apps/v1 and apps/v1beta1 are the same objects. */
function targetId({ namespace, apiVersion, kind, name }: TargetRef): string {
  return `${namespace}/${groupOf(apiVersion)}/${kind}/${name}`;
}
