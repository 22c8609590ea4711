/** A Kubernetes object as far as the lint looks at it. */
export interface Manifest {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly name?: string };
  readonly [field: string]: unknown;
}

export interface PodSpec {
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: SecurityContext;
  readonly initContainers?: readonly Container[];
  readonly containers?: readonly Container[];
}

export interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly livenessProbe?: object;
  readonly readinessProbe?: object;
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds?: number } } };
  readonly securityContext?: SecurityContext;
  readonly env?: readonly { readonly name: string; readonly value?: unknown }[];
}

export interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
}

export interface Workload {
  /** Runs to its end, so that nothing waits for it to be ready and nothing is sent to it. */
  readonly finite: boolean;
  readonly pod: PodSpec;
}

/** @returns undefined for an object that runs nothing */
export function workloadOf(manifest: Manifest): Workload | undefined {
  const spec = at(manifest['spec'], []);
  const inTemplate = { finite: false, path: ['template', 'spec'] };
  const kinds: Readonly<Record<string, { finite: boolean; path: readonly string[] }>> = {
    Deployment: inTemplate,
    StatefulSet: inTemplate,
    DaemonSet: inTemplate,
    ReplicaSet: inTemplate,
    Pod: { finite: false, path: [] },
    Job: { finite: true, path: ['template', 'spec'] },
    CronJob: { finite: true, path: ['jobTemplate', 'spec', 'template', 'spec'] },
  };
  const found = kinds[manifest.kind ?? ''];
  return found && { finite: found.finite, pod: (at(spec, found.path) ?? {}) as PodSpec };
}

/** Those that somebody waits for, or sends something to. */
export const serving = (workload: Workload | undefined): readonly Container[] =>
  workload && !workload.finite ? (workload.pod.containers ?? []) : [];

/** Every container, those that run before the others too. */
export const containersOf = (workload: Workload | undefined): readonly Container[] => [
  ...(workload?.pod.initContainers ?? []),
  ...(workload?.pod.containers ?? []),
];

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((each, key) => (isMapping(each) ? each[key] : undefined), value);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every name with a plain value in it: variables of containers, keys of ConfigMaps, fields. */
export function settings(value: unknown): readonly (readonly [string, string])[] {
  if (Array.isArray(value)) return value.flatMap(settings);
  if (!isMapping(value)) return [];
  const { name, value: own, ...rest } = value;
  if (typeof name === 'string' && isPlain(own)) return [[name, String(own)], ...settings(rest)];
  return Object.entries(value).flatMap(([key, each]) =>
    isPlain(each) ? [[key, String(each)] as const] : settings(each),
  );
}

const isPlain = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value);
