import type {
  Container,
  EnvFrom,
  EnvSource,
  EnvVar,
  KeyRef,
  Pod,
  ResourceFieldRef,
} from './types.ts';

/** Reads the data of ConfigMaps and Secrets; undefined when the object does not exist. */
export interface ConfigReader {
  configMap(namespace: string, name: string): Promise<ConfigData | undefined>;
  secret(namespace: string, name: string): Promise<ConfigData | undefined>;
}
/** Values as bytes, so that binary keys survive on their way into a volume. */
export type ConfigData = Readonly<Record<string, Buffer>>;

/** What the downward API knows beside the pod object. */
export interface PodNetwork {
  readonly podIP: string;
  readonly hostIP: string;
}

/** The pod's configuration cannot be built; the message is for the container's status. */
export class ContainerConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ContainerConfigError';
  }
}

/**
 * The environment of one container as the kubelet builds it: envFrom first, then env in order, each
 * value expanded with what came before it and with `base`.
 * Throws ContainerConfigError when a ConfigMap, Secret or key is missing that is not optional.
 */
export async function containerEnv(
  pod: Pod,
  container: Container,
  network: PodNetwork,
  reader: ConfigReader,
  base: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const env: Record<string, string> = { ...base };
  for (const source of container.envFrom ?? []) {
    Object.assign(env, await envFromSource(pod, source, reader));
  }
  for (const variable of container.env ?? []) {
    const value = await variableValue(pod, container, variable, env, network, reader);
    if (value !== undefined) env[variable.name] = value;
  }
  return env;
}

async function variableValue(
  pod: Pod,
  container: Container,
  variable: EnvVar,
  env: Readonly<Record<string, string>>,
  network: PodNetwork,
  reader: ConfigReader,
): Promise<string | undefined> {
  if (!variable.valueFrom) return expand(variable.value ?? '', env);
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = variable.valueFrom;
  if (fieldRef) return fieldValue(pod, fieldRef.fieldPath, network);
  if (resourceFieldRef) return resourceValue(pod, container, resourceFieldRef);
  const { namespace } = pod.metadata;
  if (configMapKeyRef) return keyValue('configmap', configMapKeyRef, namespace, reader);
  if (secretKeyRef) return keyValue('secret', secretKeyRef, namespace, reader);
  throw new ContainerConfigError(`env ${variable.name}: ${unknownSource(variable.valueFrom)}`);
}

const unknownSource = (source: EnvSource) =>
  `valueFrom ${Object.keys(source).join(', ')} is not supported by the node agent`;

async function keyValue(
  kind: 'configmap' | 'secret',
  ref: KeyRef,
  namespace: string,
  reader: ConfigReader,
): Promise<string | undefined> {
  const read = kind === 'secret' ? reader.secret : reader.configMap;
  const data = await read.call(reader, namespace, ref.name);
  const value = data?.[ref.key];
  if (value !== undefined) return value.toString('utf8');
  if (ref.optional) return undefined;
  throw new ContainerConfigError(
    data
      ? `couldn't find key ${ref.key} in ${kind} ${namespace}/${ref.name}`
      : `${kind} "${ref.name}" not found`,
  );
}

async function envFromSource(
  pod: Pod,
  source: EnvFrom,
  reader: ConfigReader,
): Promise<Record<string, string>> {
  const { configMapRef, secretRef, prefix = '' } = source;
  const ref = configMapRef ?? secretRef;
  if (!ref) return {};
  const { namespace } = pod.metadata;
  const data = configMapRef
    ? await reader.configMap(namespace, ref.name)
    : await reader.secret(namespace, ref.name);
  if (!data && !ref.optional) {
    const kind = configMapRef ? 'configmap' : 'secret';
    throw new ContainerConfigError(`${kind} "${ref.name}" not found`);
  }
  const entries = Object.entries(data ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [prefix + key, value.toString('utf8')]));
}

/**
 * Replaces `$(NAME)` by the variable's value; `$$` is a literal `$`, so `$$(NAME)` stays `$(NAME)`;
 * an unknown name stays as it is.
 */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^()]*)\)/g, (match, name: string | undefined) => {
    if (match === '$$') return '$';
    return env[name ?? ''] ?? match;
  });
}

/** A field of the downward API. Throws ContainerConfigError for a path that it does not have. */
export function fieldValue(pod: Pod, path: string, network: PodNetwork): string {
  const { metadata, spec } = pod;
  const fields: Record<string, () => string> = {
    'metadata.name': () => metadata.name,
    'metadata.namespace': () => metadata.namespace,
    'metadata.uid': () => metadata.uid,
    'metadata.labels': () => lines(metadata.labels),
    'metadata.annotations': () => lines(metadata.annotations),
    'spec.nodeName': () => spec.nodeName ?? '',
    'spec.serviceAccountName': () => spec.serviceAccountName ?? '',
    'status.podIP': () => network.podIP,
    'status.podIPs': () => network.podIP,
    'status.hostIP': () => network.hostIP,
    'status.hostIPs': () => network.hostIP,
  };
  const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (subscript) {
    const map = subscript[1] === 'labels' ? metadata.labels : metadata.annotations;
    return map?.[subscript[2] ?? ''] ?? '';
  }
  const field = fields[path];
  if (!field) throw new ContainerConfigError(`fieldPath ${path} is not supported`);
  return field();
}

const lines = (map: Readonly<Record<string, string>> | undefined) =>
  Object.entries(map ?? {})
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');

/** `limits.cpu` and the like, in units of the divisor, rounded up as the kubelet does. */
export function resourceValue(pod: Pod, container: Container, ref: ResourceFieldRef): string {
  const name = ref.containerName ?? container.name;
  const from = pod.spec.containers.find((each) => each.name === name);
  const match = /^(limits|requests)\.(.+)$/.exec(ref.resource);
  const kind = match?.[1] as 'limits' | 'requests' | undefined;
  if (!from || !kind) throw new ContainerConfigError(`resource ${ref.resource} is not supported`);
  const quantity = from.resources?.[kind]?.[match?.[2] ?? ''] ?? '0';
  return String(Math.ceil(parseQuantity(quantity) / parseQuantity(nonZero(ref.divisor))));
}

const nonZero = (divisor: string | undefined) => (!divisor || divisor === '0' ? '1' : divisor);

const suffixes: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A Kubernetes quantity (`500m`, `64Mi`) as a number. Throws ContainerConfigError otherwise. */
export function parseQuantity(text: string): number {
  const match = /^([+-]?[\d.]+(?:e[+-]?\d+)?)([a-zA-Z]*)$/.exec(text);
  const factor = suffixes[match?.[2] ?? ''];
  if (!match || factor === undefined) throw new ContainerConfigError(`"${text}" is no quantity`);
  return Number(match[1]) * factor;
}
