import type {
  KafkaConsumerScalerSpec,
  KafkaConsumerScalerStatus,
} from '../operator/src/api/types.gen.ts';
import { createKubeClient, type KubeClient } from '../operator/src/kube/client.ts';
import { KubeError } from '../operator/src/kube/errors.ts';

export interface ScalerView {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly spec: KafkaConsumerScalerSpec;
  readonly status?: KafkaConsumerScalerStatus;
}

export interface DeploymentView {
  readonly metadata: { readonly generation: number; readonly resourceVersion: string };
  readonly spec: { readonly replicas: number };
  readonly status: { readonly replicas?: number; readonly readyReplicas?: number };
}

export interface EventView {
  readonly reason: string;
  readonly message: string;
  readonly type: string;
  readonly count?: number;
  readonly involvedObject: { readonly name: string };
}

/** What tests look at, without the start of a kubectl each time. */
export interface KubeReader {
  scaler(namespace: string, name: string): Promise<ScalerView>;
  deployment(namespace: string, name: string): Promise<DeploymentView>;
  events(namespace: string, about: string): Promise<readonly EventView[]>;
  /** Undefined when it does not exist. */
  get<T>(path: string): Promise<T | undefined>;
  /** Calls `onChange` with spec.replicas, now and at each change, until the signal aborts. */
  watchReplicas(
    namespace: string,
    name: string,
    onChange: (replicas: number) => void,
    signal: AbortSignal,
  ): Promise<void>;
  close(): Promise<void>;
}

export function createKubeReader(kubeconfig: string): KubeReader {
  const client: KubeClient = createKubeClient({ kubeconfig, requestTimeoutMs: 5000 });
  const signal = new AbortController().signal;
  const get = <T>(path: string) =>
    client.request<T>({ verb: 'get', resource: 'any', path, signal });
  return {
    scaler: (namespace, name) =>
      get(`/apis/lagscaler.dev/v1alpha1/namespaces/${namespace}/kafkaconsumerscalers/${name}`),
    deployment: (namespace, name) =>
      get(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`),
    async events(namespace, about) {
      const list = await get<{ items: EventView[] }>(`/api/v1/namespaces/${namespace}/events`);
      return list.items.filter((event) => event.involvedObject.name === about);
    },
    async get<T>(path: string) {
      try {
        return await get<T>(path);
      } catch (error) {
        if (error instanceof KubeError && error.code === 'NotFound') return undefined;
        throw error;
      }
    },
    async watchReplicas(namespace, name, onChange, until) {
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
      const query = { watch: 'true', fieldSelector: `metadata.name=${name}` };
      const request = {
        verb: 'watch',
        resource: 'deployments',
        path,
        query,
        signal: until,
      } as const;
      let last: number | undefined;
      for await (const line of linesOf(await client.stream(request))) {
        const replicas: number | undefined = JSON.parse(line).object?.spec?.replicas;
        if (replicas !== undefined && replicas !== last) onChange(replicas);
        last = replicas;
      }
    },
    close: () => client.close(),
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
}
