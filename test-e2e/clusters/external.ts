import type { Cluster } from '../cluster.ts';
import { run } from '../local/run.ts';

/** What every cluster that is not the embedded stack has in common: kubectl of this machine, by context. */
export function externalCluster(
  options: Pick<
    Cluster,
    'name' | 'description' | 'kubeconfig' | 'bootstrapServers' | 'podBootstrapServers' | 'image'
  > & {
    readonly context: string;
    readonly close?: () => Promise<void>;
  },
): Cluster {
  const { context, close = async () => {}, ...rest } = options;
  const kubectl = (args: readonly string[], stdin?: string) =>
    run('kubectl', ['--kubeconfig', options.kubeconfig, '--context', context, ...args], {
      ...(stdin !== undefined && { input: stdin }),
    });
  return {
    ...rest,
    stack: undefined,
    kubectl,
    podGet: (namespace, pod, port, path) =>
      kubectl(['get', '--raw', `/api/v1/namespaces/${namespace}/pods/${pod}:${port}/proxy${path}`]),
    close,
  };
}
