import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type ConfigData,
  type ConfigReader,
  ContainerConfigError,
  fieldValue,
  type PodNetwork,
  resourceValue,
} from './env.ts';
import type {
  Container,
  DownwardItem,
  KeyedSource,
  Pod,
  ProjectedSource,
  Volume,
} from './types.ts';

/** What a volume can be filled from. */
export interface VolumeSources {
  readonly reader: ConfigReader;
  readonly network: PodNetwork;
  /** The pod's ServiceAccount token. */
  readToken(): Promise<string>;
}

/**
 * Makes the pod's volumes below `dir`, one folder each. They are written once, at the start of the
 * pod: later changes of a ConfigMap or Secret are not followed.
 * Throws ContainerConfigError for a missing object and for kinds the node agent does not have.
 */
export async function makeVolumes(pod: Pod, dir: string, sources: VolumeSources): Promise<void> {
  for (const volume of pod.spec.volumes ?? []) {
    const target = join(dir, volume.name);
    await mkdir(target, { recursive: true });
    for (const [path, content] of await filesOf(pod, volume, sources)) {
      await mkdir(dirname(join(target, path)), { recursive: true });
      await writeFile(join(target, path), content, { mode: 0o600 });
    }
  }
}

type Files = readonly (readonly [path: string, content: string | Buffer])[];

async function filesOf(pod: Pod, volume: Volume, sources: VolumeSources): Promise<Files> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (volume.emptyDir) return [];
  if (downwardAPI) return downwardFiles(pod, downwardAPI.items, sources);
  if (configMap) return sourceFiles(pod, { configMap }, sources);
  if (secret) return sourceFiles(pod, { secret: { ...secret, name: secret.secretName } }, sources);
  if (projected) {
    const parts = (projected.sources ?? []).map((each) => sourceFiles(pod, each, sources));
    return (await Promise.all(parts)).flat();
  }
  const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
  throw new ContainerConfigError(
    `volume "${volume.name}": the node agent has no ${kind} volumes; use emptyDir, configMap, secret, downwardAPI or projected`,
  );
}

async function sourceFiles(
  pod: Pod,
  source: ProjectedSource,
  sources: VolumeSources,
): Promise<Files> {
  const { namespace } = pod.metadata;
  const { configMap, secret, serviceAccountToken, downwardAPI } = source;
  if (configMap) {
    const data = await sources.reader.configMap(namespace, configMap.name);
    return keyFiles('configmap', configMap, data);
  }
  if (secret) {
    const data = await sources.reader.secret(namespace, secret.name);
    return keyFiles('secret', secret, data);
  }
  if (serviceAccountToken) return [[serviceAccountToken.path, await sources.readToken()]];
  if (downwardAPI) return downwardFiles(pod, downwardAPI.items, sources);
  throw new ContainerConfigError(
    `projected source ${Object.keys(source).join(', ')} is not supported by the node agent`,
  );
}

function keyFiles(
  kind: string,
  source: KeyedSource & { readonly name: string },
  data: ConfigData | undefined,
): Files {
  if (!data && source.optional) return [];
  if (!data) throw new ContainerConfigError(`${kind} "${source.name}" not found`);
  if (!source.items) return Object.entries(data);
  return source.items.flatMap(({ key, path }) => {
    const content = data[key];
    if (content !== undefined) return [[path, content] as const];
    if (source.optional) return [];
    throw new ContainerConfigError(`${kind} "${source.name}" has no key ${key}`);
  });
}

function downwardFiles(
  pod: Pod,
  items: readonly DownwardItem[] | undefined,
  { network }: VolumeSources,
): Files {
  const [container] = pod.spec.containers;
  return (items ?? []).map(({ path, fieldRef, resourceFieldRef }) => {
    if (fieldRef) return [path, fieldValue(pod, fieldRef.fieldPath, network)];
    if (resourceFieldRef && container) {
      return [path, resourceValue(pod, container, resourceFieldRef)];
    }
    throw new ContainerConfigError(`downwardAPI item ${path} names no field`);
  });
}

/**
 * There is no mount namespace, so what names a mounted path is made to name the real one: values
 * that are a mount path or begin with it and a slash. The longest mount path wins, as with mounts.
 */
export function relocate(text: string, container: Container, volumesDir: string): string {
  const mounts = [...(container.volumeMounts ?? [])]
    .sort((a, b) => b.mountPath.length - a.mountPath.length)
    .map(({ mountPath, name, subPath }) => ({
      mountPath: mountPath.replace(/\/$/, ''),
      real: join(volumesDir, name, subPath ?? ''),
    }));
  const hit = mounts.find(
    ({ mountPath }) => text === mountPath || text.startsWith(`${mountPath}/`),
  );
  return hit ? hit.real + text.slice(hit.mountPath.length) : text;
}
