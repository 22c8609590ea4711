import { openCurrentCluster } from './clusters/current.ts';
import { openEmbeddedCluster } from './clusters/embedded.ts';
import type { ExternalCluster } from './clusters/external.ts';
import { openKindCluster } from './clusters/kind.ts';
import type { MongoServer, MongoUrls } from './clusters/mongo.ts';
import type { ServiceRoute } from './clusters/service-route.ts';
import type { Stack } from './local/stack.ts';

export const clusterNames = ['embedded', 'kind', 'current'] as const;
export type ClusterName = (typeof clusterNames)[number];

/** Where the specs, the demo and the benchmarks run: a Kubernetes cluster beside a Kafka cluster. */
export interface Cluster extends MongoUrls {
  readonly name: ClusterName;
  /** Which cluster that is, for people. */
  readonly description: string;
  readonly kubeconfig: string;
  /** Kafka as seen from this machine. */
  readonly bootstrapServers: readonly string[];
  /** Kafka as seen from a pod. */
  readonly podBootstrapServers: readonly string[];
  /** The server of MONGODB_CONNECTION_STRING, or the one of kind: what another process needs to reach it too. */
  readonly mongo: MongoServer | undefined;
  /** What another process needs to reach the same cluster; undefined for the embedded stack. */
  readonly external: ExternalCluster | undefined;
  /** Only the embedded stack can have its parts frozen, killed and restarted. */
  readonly stack: Stack | undefined;
  /** The reference under which the cluster finds one of our images, e.g. `lagscaler/operator`. */
  image(name: string): string;
  /** @throws Error with kubectl's words */
  kubectl(args: readonly string[], stdin?: string): Promise<string>;
  /** What a pod answers to a GET on its port. */
  podGet(namespace: string, pod: string, port: number, path: string): Promise<string>;
  /** A way from this machine to the first port of a Service; a kind that the embedded stack routes is of type NodePort. */
  serviceUrl(namespace: string, service: string): Promise<ServiceRoute>;
  /** How a pod reaches that port. */
  podServiceUrl(namespace: string, service: string): Promise<string>;
  /** Ends what `openCluster` started; what it found is left running. */
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Embedded: the directory of the stack. */
  readonly dir?: string;
}

/**
 * The embedded stack unless another cluster is named: never whatever KUBECONFIG happens to point at.
 * @param name from the variable CLUSTER
 * @throws Error that lists the names
 */
export function openCluster(name: string | undefined, options: OpenOptions): Promise<Cluster> {
  const chosen = clusterNames.find((known) => known === (name || 'embedded'));
  if (!chosen) throw new Error(`CLUSTER: set one of ${clusterNames.join(', ')}, not "${name}"`);
  const open = {
    embedded: openEmbeddedCluster,
    kind: openKindCluster,
    current: openCurrentCluster,
  };
  return open[chosen](options);
}
