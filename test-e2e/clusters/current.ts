import type { Cluster, OpenOptions } from '../cluster.ts';
import { operatorNamespace } from '../install.ts';
import { existingTopics } from '../kafka.ts';
import { run } from '../local/run.ts';
import { sagaTopics } from '../saga.ts';
import { externalCluster, kubeconfigOf } from './external.ts';
import { mongoFromEnv } from './mongo.ts';

/**
 * The current context, asked for by name (`CLUSTER=current`), with a Kafka cluster of yours.
 * KAFKA_BOOTSTRAP_SERVERS: reached from this machine and, unless POD_KAFKA_BOOTSTRAP_SERVERS is set,
 * from pods. IMAGE_PREFIX: the registry that holds our images, e.g. registry.example/team/.
 */
export async function openCurrentCluster({ log }: OpenOptions): Promise<Cluster> {
  const missing = ['KAFKA_BOOTSTRAP_SERVERS', 'IMAGE_PREFIX'].filter((name) => !process.env[name]);
  if (missing.length > 0)
    throw new Error(`CLUSTER=current needs ${missing.join(' and ')}: see docs/clusters.md`);
  const context = (await run('kubectl', ['config', 'current-context'])).trim();
  log(`using the current context: ${context}`);
  const servers = list('KAFKA_BOOTSTRAP_SERVERS');
  const podServers = list('POD_KAFKA_BOOTSTRAP_SERVERS');
  const cluster = externalCluster({
    name: 'current',
    description: `the current context ${context}`,
    kubeconfig: await kubeconfigOf(context),
    bootstrapServers: servers,
    podBootstrapServers: podServers.length > 0 ? podServers : servers,
    mongo: await mongoFromEnv(),
    imagePrefix: process.env['IMAGE_PREFIX'] ?? '',
    imageTag: process.env['IMAGE_TAG'] || 'dev',
  });
  await refuseOccupied(cluster);
  return cluster;
}

/** The cluster is not ours: what is there stays. */
async function refuseOccupied(cluster: Cluster): Promise<void> {
  const topics = await existingTopics(cluster.bootstrapServers, sagaTopics);
  const find = ['get', 'namespace', operatorNamespace, '--ignore-not-found', '-o', 'name'];
  const occupied = [...topics, (await cluster.kubectl(find)).trim()].filter((name) => name !== '');
  if (occupied.length === 0 || process.env['REPLACE'] === '1') return;
  const what = occupied.join(', ');
  throw new Error(`${what} would be replaced: remove them, or set REPLACE=1 to allow it`);
}

function list(name: string): string[] {
  return (process.env[name] ?? '').split(',').filter((server) => server !== '');
}
