import { parse, stringify } from 'yaml';

export const demoServices = ['operation-service', 'user-service', 'user-approval-service'] as const;
export type DemoService = (typeof demoServices)[number];

export interface DemoOptions {
  /** Pods of each service; 1 unless said otherwise. */
  readonly replicas?: Readonly<Partial<Record<DemoService, number>>>;
  /** More variables for the containers, e.g. WORK_MS. */
  readonly env?: Readonly<Partial<Record<DemoService, Readonly<Record<string, string>>>>>;
  /** Services whose pods share processes: hundreds of them fit on a small machine. Embedded stack only. */
  readonly light?: readonly DemoService[];
  /** What is declared of all four topics instead of deploy/demo-services/topics/topics.yaml. */
  readonly topics?: {
    readonly partitions?: number;
    readonly profile?: 'default' | 'compat' | 'scale280';
    /** Of the approval scaler; refused above the partitions, except in compat. */
    readonly maxReplicas?: number;
  };
}

/** A Kubernetes object as far as it is looked at here. */
export interface KubeObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: object;
  readonly data?: Readonly<Record<string, string>>;
}

interface DeploymentSpec {
  readonly template: {
    readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
    readonly spec: {
      readonly containers: readonly { readonly env?: readonly EnvVar[] }[];
    };
  };
}
interface EnvVar {
  readonly name: string;
  readonly value?: string;
}

/** The objects of deploy/demo-services with what the options ask for. */
export function withOptions(object: KubeObject, options: DemoOptions): KubeObject {
  const service = demoServices.find((name) => name === object.metadata.name);
  if (object.kind === 'Deployment' && service) return deployment(object, service, options);
  const declared = object.kind === 'ConfigMap' && object.data?.['topics.yaml'];
  if (!declared || !options.topics) return object;
  return { ...object, data: { 'topics.yaml': declaration(declared, options.topics) } };
}

function deployment(object: KubeObject, service: DemoService, options: DemoOptions): KubeObject {
  const { template, ...spec } = object.spec as DeploymentSpec;
  const env = Object.entries(options.env?.[service] ?? {}).map(([name, value]) => ({
    name,
    value,
  }));
  const light = options.light?.includes(service) && { 'lagscaler.dev/light': 'true' };
  return {
    ...object,
    spec: {
      ...spec,
      replicas: options.replicas?.[service] ?? 1,
      template: {
        ...template,
        metadata: {
          ...template.metadata,
          annotations: { ...template.metadata.annotations, ...light },
        },
        spec: {
          ...template.spec,
          containers: template.spec.containers.map((container) => ({
            ...container,
            env: [...(container.env ?? []), ...env],
          })),
        },
      },
    },
  };
}

function declaration(declared: string, topics: NonNullable<DemoOptions['topics']>): string {
  const content: { topics: Record<string, object> } = parse(declared);
  const { maxReplicas, ...top } = topics;
  // The declared maxReplicas belongs to the declared partitions.
  const approve = maxReplicas === undefined ? {} : { maxReplicas };
  return stringify({ ...content, ...top, topics: { ...content.topics, 'user-approve': approve } });
}
