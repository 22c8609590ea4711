import { join, resolve } from 'node:path';
import type { Cluster, OpenOptions } from '../cluster.ts';
import { run } from '../local/run.ts';
import { externalCluster, kubeconfigOf, kubectlOf } from './external.ts';
import { prepareKindMongo } from './kind-mongo.ts';
import { mongoFromEnv } from './mongo.ts';

const repository = resolve(import.meta.dirname, '../..');
const context = 'kind-lagscaler';
const images = [
  ['lagscaler/operator', 'operator/Dockerfile'],
  ['lagscaler/operation-service', 'demo-services/operation-service/Dockerfile'],
  ['lagscaler/user-service', 'demo-services/user-service/Dockerfile'],
  ['lagscaler/user-approval-service', 'demo-services/user-approval-service/Dockerfile'],
  ['lagscaler/loadgen', 'demo-services/loadgen/Dockerfile'],
  ['lagscaler/demo-topics', 'demo-services/topics/Dockerfile'],
  ['lagscaler/sleep', 'test-e2e/local/node-agent/sleep-image/Dockerfile'],
] as const;

/**
 * A kind cluster named `lagscaler` with three brokers, MongoDB and our images; kept for the next run.
 * Needs Docker, kubectl and Go (kind is built from its module).
 */
export async function openKindCluster({ log, signal }: OpenOptions): Promise<Cluster> {
  const step = (title: string, command: string, args: readonly string[], cwd = repository) => {
    log(title);
    return run(command, args, { cwd, timeoutMs: 1_200_000, ...(signal && { signal }) });
  };
  const kind = (...args: string[]) => ['tool', 'kind', ...args];
  const inModule = join(repository, 'test-e2e/kind');
  await step('Docker answers', 'docker', ['version']);
  const clusters = await step('kind: clusters', 'go', kind('get', 'clusters'), inModule);
  if (!clusters.split('\n').includes('lagscaler'))
    await step(
      'kind: create',
      'go',
      kind('create', 'cluster', '--config', 'cluster.yaml'),
      inModule,
    );
  for (const [image, dockerfile] of images) {
    await step(`image ${image}`, 'docker', ['build', '-t', `${image}:dev`, '-f', dockerfile, '.']);
    const load = kind('load', 'docker-image', `${image}:dev`, '--name', 'lagscaler');
    await step(`kind: load ${image}`, 'go', load, inModule);
  }
  const kubeconfig = await kubeconfigOf(context);
  const apply = (args: readonly string[], stdin?: string) => kubectlOf(kubeconfig, args, stdin);
  log('Kafka and MongoDB');
  const mongo = await prepareKindMongo(apply);
  await apply(['apply', '-k', join(repository, 'deploy/kind')]);
  await rolledOut(apply, 'kafka', 'statefulset/kafka');
  await rolledOut(apply, 'mongodb', 'statefulset/mongodb');
  return externalCluster({
    name: 'kind',
    description: `the kind cluster "lagscaler" (context ${context})`,
    kubeconfig,
    bootstrapServers: [30991, 30992, 30993].map((port) => `localhost:${port}`),
    podBootstrapServers: [0, 1, 2].map((i) => `kafka-${i}.brokers.kafka.svc.cluster.local:9092`),
    mongo: (await mongoFromEnv()) ?? mongo,
    imagePrefix: '',
    imageTag: 'dev',
  });
}

/** Pulling an image takes longer than one kubectl call may. */
async function rolledOut(
  kubectl: Cluster['kubectl'],
  namespace: string,
  name: string,
): Promise<void> {
  const rollout = ['rollout', 'status', '-n', namespace, name, '--timeout=50s'];
  for (let left = 12; ; left--) {
    try {
      await kubectl(rollout);
      return;
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}
