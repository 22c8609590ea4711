import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../cluster.ts';
import { run } from '../local/run.ts';

/** All there is to know of a cluster that is not the embedded stack: plain data, so that it can be handed on. */
export interface ExternalCluster {
  readonly name: 'kind' | 'current';
  readonly description: string;
  readonly kubeconfig: string;
  readonly bootstrapServers: readonly string[];
  readonly podBootstrapServers: readonly string[];
  /** In front of and behind the names of our images, e.g. `registry.example/team/` and `dev`. */
  readonly imagePrefix: string;
  readonly imageTag: string;
}

/** kubectl of this machine, on one cluster. */
export function externalCluster(external: ExternalCluster): Cluster {
  const kubectl = (args: readonly string[], stdin?: string) =>
    run('kubectl', ['--kubeconfig', external.kubeconfig, ...args], {
      ...(stdin !== undefined && { input: stdin }),
    });
  return {
    ...external,
    external,
    stack: undefined,
    image: (name) => `${external.imagePrefix}${name}:${external.imageTag}`,
    kubectl,
    podGet: (namespace, pod, port, path) =>
      kubectl(['get', '--raw', `/api/v1/namespaces/${namespace}/pods/${pod}:${port}/proxy${path}`]),
    close: async () => {},
  };
}

/** A kubeconfig of one context alone: what is done goes there, also when the current one changes meanwhile. */
export async function kubeconfigOf(context: string): Promise<string> {
  const file = join(mkdtempSync(join(tmpdir(), 'lagscaler-kubeconfig-')), 'config');
  const view = ['config', 'view', '--minify', '--flatten', '--context', context];
  writeFileSync(file, await run('kubectl', view), { mode: 0o600 });
  return file;
}
