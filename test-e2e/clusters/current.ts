import { join } from 'node:path';
import type { Cluster, OpenOptions } from '../cluster.ts';
import { run } from '../local/run.ts';
import { externalCluster } from './external.ts';

/**
 * The current context, asked for by name (`CLUSTER=current`), with a Kafka cluster of yours.
 * KAFKA_BOOTSTRAP_SERVERS: reached from this machine and, unless POD_KAFKA_BOOTSTRAP_SERVERS is set,
 * from pods. IMAGE_PREFIX: the registry that holds our images, e.g. registry.example/team/.
 */
export async function openCurrentCluster({ log }: OpenOptions): Promise<Cluster> {
  const missing = ['KAFKA_BOOTSTRAP_SERVERS', 'IMAGE_PREFIX'].filter((name) => !process.env[name]);
  if (missing.length > 0)
    throw new Error(`CLUSTER=current needs ${missing.join(' and ')}: see docs/clusters.md`);
  const kubeconfig = process.env['KUBECONFIG'] || join(process.env['HOME'] ?? '', '.kube/config');
  const context = (await run('kubectl', ['config', 'current-context'])).trim();
  log(`using the current context: ${context} (${kubeconfig})`);
  const servers = list('KAFKA_BOOTSTRAP_SERVERS');
  const podServers = list('POD_KAFKA_BOOTSTRAP_SERVERS');
  return externalCluster({
    name: 'current',
    description: `the current context ${context}`,
    kubeconfig,
    context,
    bootstrapServers: servers,
    podBootstrapServers: podServers.length > 0 ? podServers : servers,
    image: (name) => `${process.env['IMAGE_PREFIX']}${name}:${process.env['IMAGE_TAG'] || 'dev'}`,
  });
}

function list(name: string): string[] {
  return (process.env[name] ?? '').split(',').filter((server) => server !== '');
}
