import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../cluster.ts';
import { run } from '../local/run.ts';
import { type MongoServer, mongoUrls } from './mongo.ts';
import { forwardService } from './service-route.ts';

/** All there is to know of a cluster that is not the embedded stack: plain data, so that it can be handed on. */
export interface ExternalCluster {
  readonly name: 'kind' | 'current';
  readonly description: string;
  readonly kubeconfig: string;
  readonly bootstrapServers: readonly string[];
  readonly podBootstrapServers: readonly string[];
  readonly mongo: MongoServer | undefined;
  /** In front of and behind the names of our images, e.g. `registry.example/team/` and `dev`. */
  readonly imagePrefix: string;
  readonly imageTag: string;
}

/** Runs kubectl of this machine. */
export function kubectlOf(
  kubeconfig: string,
  args: readonly string[],
  stdin?: string,
): Promise<string> {
  return run('kubectl', ['--kubeconfig', kubeconfig, ...args], {
    ...(stdin !== undefined && { input: stdin }),
  });
}

/** A cluster that kubectl of this machine reaches. */
export function externalCluster(external: ExternalCluster): Cluster {
  const kubectl = (args: readonly string[], stdin?: string) =>
    kubectlOf(external.kubeconfig, args, stdin);
  return {
    ...external,
    ...mongoUrls(external.mongo, 'MongoDB: set MONGODB_CONNECTION_STRING, see docs/clusters.md'),
    external,
    stack: undefined,
    image: (name) => `${external.imagePrefix}${name}:${external.imageTag}`,
    kubectl,
    podGet: (namespace, pod, port, path) =>
      kubectl(['get', '--raw', `/api/v1/namespaces/${namespace}/pods/${pod}:${port}/proxy${path}`]),
    serviceUrl: (namespace, service) =>
      forwardService(kubectl, external.kubeconfig, namespace, service),
    podServiceUrl: async (namespace, service) => `http://${service}.${namespace}`,
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
