import type { Clock } from '../controller/clock.ts';
import type { Scaler, ScalerStore } from '../controller/ports.ts';
import type { Change, Item } from './cache-entries.ts';
import type { KubeClient } from './client.ts';
import { createCollection } from './collection.ts';
import { KubeError } from './errors.ts';
import { deepFreeze, mergePatch } from './json.ts';
import { kafkaConsumerScalers, keyOf, objectPath, type RawObject } from './resource.ts';
import type { WatchHooks, WatchLifecycle } from './watch-cache.ts';

export interface ScalerStoreOptions extends WatchHooks {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  /**
   * A scaler is new, gone, or its generation, annotations or deletion changed. Not called for status
   * writes: each poll would poll again at once (traps C21). Must only enqueue.
   */
  readonly onChange: (key: string) => void;
}

interface CachedScaler {
  readonly scaler: Scaler;
  readonly annotations: string;
  readonly deletionTimestamp: string | undefined;
}

interface RawScaler extends RawObject {
  readonly spec: Scaler['spec'];
  readonly status?: Scaler['status'];
}

/** The KafkaConsumerScalers; one that is being deleted is already gone for its readers. */
export function createScalerStore(options: ScalerStoreOptions): ScalerStore & WatchLifecycle {
  const { client, namespaces } = options;
  const cache = createCollection<CachedScaler>({
    ...options,
    namespaces,
    resource: kafkaConsumerScalers,
    trim,
    onChange: (change) => {
      if (concernsController(change)) options.onChange(change.key);
    },
  });

  const read = (key: string): Scaler | undefined => {
    const cached = cache.get(key);
    return cached?.deletionTimestamp === undefined ? cached?.scaler : undefined;
  };

  return {
    start: cache.start,
    close: cache.close,
    hasSynced: cache.hasSynced,
    listAgeMs: cache.listAgeMs,
    get: read,
    list: () => [...cache.values()].filter((c) => !c.deletionTimestamp).map((c) => c.scaler),
    async publish(scaler, status, signal) {
      const known = read(scaler.key);
      if (known?.uid !== scaler.uid) return; // deleted meanwhile, perhaps created again
      const change = mergePatch(known.status ?? {}, status);
      if (change === undefined) return; // traps C21: nothing changed, nothing written
      const raw = await patchStatus(client, scaler, change, signal);
      if (raw) cache.overlay(itemOf(raw));
    },
  };
}

/** @returns undefined when the scaler is not there any more */
async function patchStatus(
  client: KubeClient,
  scaler: Scaler,
  status: unknown,
  signal: AbortSignal,
): Promise<RawScaler | undefined> {
  try {
    return await client.request<RawScaler>({
      verb: 'patch',
      resource: 'kafkaconsumerscalers/status',
      path: objectPath(kafkaConsumerScalers, scaler, 'status'),
      body: { status },
      signal,
    });
  } catch (error) {
    if (error instanceof KubeError && error.code === 'NotFound') return undefined;
    throw error;
  }
}

function trim(raw: RawObject): CachedScaler {
  const { spec, status, metadata } = raw as RawScaler;
  return deepFreeze({
    scaler: {
      key: keyOf(metadata),
      namespace: metadata.namespace,
      name: metadata.name,
      uid: metadata.uid,
      generation: metadata.generation ?? 0,
      resourceVersion: metadata.resourceVersion,
      creationTimestamp: Date.parse(metadata.creationTimestamp ?? '') || 0,
      spec,
      status,
    },
    annotations: JSON.stringify(metadata.annotations ?? {}),
    deletionTimestamp: metadata.deletionTimestamp,
  });
}

function itemOf(raw: RawScaler): Item<CachedScaler> {
  const { resourceVersion } = raw.metadata;
  return { key: keyOf(raw.metadata), resourceVersion, value: trim(raw) };
}

function concernsController({ previous, current }: Change<CachedScaler>): boolean {
  return (
    previous?.scaler.uid !== current?.scaler.uid ||
    previous?.scaler.generation !== current?.scaler.generation ||
    previous?.annotations !== current?.annotations ||
    previous?.deletionTimestamp !== current?.deletionTimestamp
  );
}
