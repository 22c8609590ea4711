import type { Clock } from '../controller/clock.ts';
import { TargetError, type TargetRef } from '../controller/ports.ts';
import type { KubeClient } from './client.ts';
import { isTransient, KubeError } from './errors.ts';
import { groupPath, type Resource } from './resource.ts';
import { createTtlCache } from './ttl-cache.ts';

export interface Discovery {
  /**
   * The resource of a kind that has a scale subresource. Costs a request per apiVersion in 10 minutes.
   * @throws TargetError NotFound, NotScalable; KubeError when the API server could not be asked
   */
  scalable(ref: TargetRef, signal: AbortSignal): Promise<Resource>;
  close(): void;
}

interface ApiVersion {
  readonly resources: readonly ApiResource[];
  readonly askedAt: number;
}

/** An entry of an APIResourceList; `deployments/scale` is one beside `deployments`. */
interface ApiResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const ttlMs = 600_000;
/** A kind may be missing only because its CustomResourceDefinition comes later. */
const missingTtlMs = 30_000;

export function createDiscovery(options: { client: KubeClient; clock: Clock }): Discovery {
  const { client, clock } = options;
  const versions = createTtlCache<ApiVersion>({
    clock,
    load,
    ttlMs,
    staleMs: 24 * 3_600_000,
    failureMs: 1000,
    mayServeStale: (error) => error instanceof KubeError && isTransient(error),
  });

  async function load(apiVersion: string, signal: AbortSignal): Promise<ApiVersion> {
    const path = groupPath(apiVersion);
    const request = { verb: 'get', resource: 'apiresources', path, signal } as const;
    const answer = await client
      .request<{ resources: readonly ApiResource[] }>(request)
      .catch((error: unknown) => {
        if (error instanceof KubeError && error.code === 'NotFound') return { resources: [] };
        throw error;
      });
    return { resources: answer.resources, askedAt: clock.monotonic() };
  }

  async function resourcesOf(ref: TargetRef, signal: AbortSignal): Promise<readonly ApiResource[]> {
    const known = await versions.get(ref.apiVersion, signal);
    const isOld = clock.monotonic() - known.askedAt >= missingTtlMs;
    if (!isOld || isScalable(ref, known.resources)) return known.resources;
    versions.forget(ref.apiVersion);
    return (await versions.get(ref.apiVersion, signal)).resources;
  }

  return {
    async scalable(ref, signal) {
      const resources = await resourcesOf(ref, signal);
      const found = find(ref, resources);
      if (!found) throw unknownKind(ref);
      if (!isScalable(ref, resources)) throw notScalable(ref);
      return { apiVersion: ref.apiVersion, plural: found.name };
    },
    close: () => versions.close(),
  };
}

function find(ref: TargetRef, resources: readonly ApiResource[]): ApiResource | undefined {
  return resources.find(({ name, kind }) => kind === ref.kind && !name.includes('/'));
}

function isScalable(ref: TargetRef, resources: readonly ApiResource[]): boolean {
  const found = find(ref, resources);
  return found?.namespaced === true && resources.some((r) => r.name === `${found.name}/scale`);
}

function unknownKind({ apiVersion, kind }: TargetRef): TargetError {
  return new TargetError(
    'NotFound',
    `the cluster has no kind ${kind} in ${apiVersion}: correct spec.scaleTargetRef.apiVersion and kind, or install its CustomResourceDefinition`,
  );
}

function notScalable({ apiVersion, kind }: TargetRef): TargetError {
  return new TargetError(
    'NotScalable',
    `${kind} (${apiVersion}) has no scale subresource in a namespace: let spec.scaleTargetRef name a kind that has one, e.g. a Deployment`,
  );
}
