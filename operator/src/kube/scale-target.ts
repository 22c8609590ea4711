import {
  type ObservedTarget,
  type ScaleTarget,
  TargetError,
  type TargetRef,
} from '../controller/ports.ts';
import type { KubeClient, Verb } from './client.ts';
import type { Discovery } from './discovery.ts';
import { KubeError, type KubeErrorCode } from './errors.ts';
import type { Hpas } from './hpas.ts';
import { keyOf, type ObjectMeta, objectPath, type RawObject, type Resource } from './resource.ts';
import type { CachedKind, Targets } from './targets.ts';

export interface ScaleTargetOptions {
  readonly client: KubeClient;
  readonly targets: Targets;
  readonly hpas: Hpas;
  readonly discovery: Discovery;
}

/** autoscaling/v1 Scale: the same for every kind (traps C2). */
interface Scale {
  readonly metadata: ObjectMeta;
  /** `replicas` is absent when zero (traps C5). */
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number; readonly selector?: string };
}

/** Reads and writes the replicas of targets; the only code that moves pods. */
export function createScaleTarget(options: ScaleTargetOptions): ScaleTarget {
  const { client, targets, hpas, discovery } = options;

  async function readCachedKind(known: CachedKind, ref: TargetRef, signal: AbortSignal) {
    const { resource, cache, trim } = known;
    const path = objectPath(resource, ref);
    const request = { verb: 'get', resource: resource.plural, path, signal } as const;
    const value = trim(await client.request<RawObject>(request));
    cache.overlay({ key: keyOf(ref), resourceVersion: value.resourceVersion, value });
    return value;
  }

  async function readScale(ref: TargetRef, signal: AbortSignal): Promise<ObservedTarget> {
    const resource = await discovery.scalable(ref, signal);
    const scale = await scaleRequest('get', { resource, ref, signal });
    return {
      resourceVersion: scale.metadata.resourceVersion,
      specReplicas: replicasOf(scale),
      statusReplicas: scale.status?.replicas ?? 0,
      readyReplicas: undefined,
      rollingOut: false,
      selector: scale.status?.selector || undefined,
    };
  }

  function scaleRequest(
    verb: 'get' | 'patch',
    on: { resource: Resource; ref: TargetRef; signal: AbortSignal },
    body?: unknown,
  ): Promise<Scale> {
    return client.request<Scale>({
      verb,
      resource: `${on.resource.plural}/scale`,
      path: objectPath(on.resource, on.ref, 'scale'),
      signal: on.signal,
      ...(body === undefined ? {} : { body }),
    });
  }

  return {
    async read(ref, { fresh }, signal) {
      const known = targets.of(ref);
      if (known && !fresh && known.cache.hasSynced()) {
        const value = known.cache.get(keyOf(ref));
        if (value) return value;
        throw notFound(ref);
      }
      return asTargetErrors('get', ref, () =>
        known ? readCachedKind(known, ref, signal) : readScale(ref, signal),
      );
    },
    async setReplicas(ref, { resourceVersion }, replicas, signal) {
      const known = targets.of(ref);
      const scale = await asTargetErrors('patch', ref, async () => {
        const resource = known?.resource ?? (await discovery.scalable(ref, signal));
        // With the version the decision was based on, a race is a 409, not an overwrite (traps C3).
        const body = { metadata: { resourceVersion }, spec: { replicas } };
        return scaleRequest('patch', { resource, ref, signal }, body);
      });
      if (known) showWrite(known, ref, scale);
    },
    autoscalerOf: (ref) => hpas.autoscalerOf(ref),
  };
}

/** The next poll must see the new size even if the watch lags, or it would patch a second time. */
function showWrite({ cache }: CachedKind, ref: TargetRef, scale: Scale): void {
  const key = keyOf(ref);
  const current = cache.get(key);
  if (!current) return;
  const { resourceVersion } = scale.metadata;
  const value = Object.freeze({ ...current, resourceVersion, specReplicas: replicasOf(scale) });
  cache.overlay({ key, resourceVersion, value });
}

function replicasOf(scale: Scale): number {
  return scale.spec?.replicas ?? 0;
}

const codes: Partial<Record<KubeErrorCode, TargetError['code']>> = {
  NotFound: 'NotFound',
  Conflict: 'Conflict',
  Forbidden: 'Forbidden',
  Unauthorized: 'Forbidden',
};

async function asTargetErrors<T>(verb: Verb, ref: TargetRef, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof KubeError)) throw error; // a TargetError, or the caller's own abort
    const code = codes[error.code] ?? 'Unavailable';
    if (code === 'NotFound') throw notFound(ref, error);
    throw new TargetError(code, messageOf(code, verb, ref, error), { cause: error });
  }
}

function messageOf(
  code: TargetError['code'],
  verb: Verb,
  { kind, namespace, name }: TargetRef,
  error: KubeError,
): string {
  const target = `${kind} ${namespace}/${name}`;
  if (code === 'Conflict') return `${target} changed since it was read`;
  if (code === 'Forbidden') {
    return `lagscaler may not ${verb} the scale of ${target}: allow it in the role of its ServiceAccount (${error.message})`;
  }
  return `${target}: ${error.message}`;
}

function notFound({ kind, namespace, name }: TargetRef, cause?: unknown): TargetError {
  return new TargetError(
    'NotFound',
    `${kind} ${namespace}/${name} does not exist: create it or correct spec.scaleTargetRef`,
    cause === undefined ? undefined : { cause },
  );
}
