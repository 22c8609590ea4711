import type { Clock } from '../controller/clock.ts';
import type { ObservedTarget, TargetRef } from '../controller/ports.ts';
import type { KubeClient } from './client.ts';
import { createCollection } from './collection.ts';
import { type LabelSelector, selectorText } from './label-selector.ts';
import { groupOf, type RawObject, type Resource } from './resource.ts';
import type { WatchCache, WatchHooks, WatchLifecycle } from './watch-cache.ts';

export interface TargetsOptions extends WatchHooks {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  /** A Deployment or StatefulSet was created or deleted. Must only enqueue. */
  readonly onChange: (ref: TargetRef) => void;
}

/** How one kind of target is cached. */
export interface CachedKind {
  readonly kind: string;
  readonly resource: Resource;
  readonly cache: WatchCache<ObservedTarget>;
  /** What is kept of a Deployment or StatefulSet. */
  readonly trim: (raw: RawObject) => ObservedTarget;
}

export interface Targets extends WatchLifecycle {
  /** Undefined for kinds that are not cached. */
  of(ref: TargetRef): CachedKind | undefined;
}

/** Deployments and StatefulSets, trimmed to what a decision needs. */
export function createTargets(options: TargetsOptions): Targets {
  const kinds = [
    cachedKind('Deployment', 'deployments', options),
    cachedKind('StatefulSet', 'statefulsets', options),
  ];
  return {
    start: () => {
      for (const { cache } of kinds) cache.start();
    },
    close: async () => {
      await Promise.all(kinds.map(({ cache }) => cache.close()));
    },
    hasSynced: () => kinds.every(({ cache }) => cache.hasSynced()),
    listAgeMs() {
      const ages = kinds.map(({ cache }) => cache.listAgeMs());
      const known = ages.filter((age) => age !== undefined);
      return known.length === ages.length ? Math.max(...known) : undefined;
    },
    of: ({ apiVersion, kind }) =>
      groupOf(apiVersion) === 'apps' ? kinds.find((k) => k.kind === kind) : undefined,
  };
}

function cachedKind(kind: string, plural: string, options: TargetsOptions): CachedKind {
  const resource = { apiVersion: 'apps/v1', plural };
  const trim = (raw: RawObject) => observedTarget(raw as RawWorkload);
  const cache = createCollection<ObservedTarget>({
    ...options,
    resource,
    trim,
    onChange({ key, previous, current }) {
      if (previous && current) return;
      const [namespace = '', name = ''] = key.split('/');
      options.onChange({ namespace, apiVersion: resource.apiVersion, kind, name });
    },
  });
  return { kind, resource, cache, trim };
}

interface RawWorkload extends RawObject {
  readonly spec?: { readonly replicas?: number; readonly selector?: LabelSelector };
  readonly status?: {
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly currentRevision?: string;
    readonly updateRevision?: string;
  };
}

function observedTarget({ metadata, spec, status = {} }: RawWorkload): ObservedTarget {
  return Object.freeze({
    resourceVersion: metadata.resourceVersion,
    specReplicas: spec?.replicas ?? 0, // zero is an absent field (traps C5)
    statusReplicas: status.replicas ?? 0,
    readyReplicas: status.readyReplicas ?? 0,
    rollingOut: isRollingOut(status),
    selector: selectorText(spec?.selector ?? {}),
  });
}

/**
 * Pods of an old template are left. Not observedGeneration < generation: that is also so for a moment
 * after each scale write. A StatefulSet names its revisions; a Deployment has none in its status.
 */
function isRollingOut(status: NonNullable<RawWorkload['status']>): boolean {
  const { replicas = 0, updatedReplicas = 0, currentRevision, updateRevision } = status;
  const isOneRevision = updateRevision !== undefined && updateRevision === currentRevision;
  return !isOneRevision && updatedReplicas < replicas;
}
