import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import type { Cluster } from './cluster.ts';
import { type DemoOptions, demoServices, type KubeObject, withOptions } from './demo-objects.ts';
import { completed, rolledOut } from './rollout.ts';
import { until } from './until.ts';

export { rolledOut } from './rollout.ts';

const repository = resolve(import.meta.dirname, '..');
export const operatorNamespace = 'lagscaler-system';

/** The CRD and the operator, as the README tells people to install them; ready when this returns. */
export async function installOperator(cluster: Cluster): Promise<void> {
  await installCrd(cluster);
  await applyFolder(cluster, 'deploy/operator');
  // An image built anew under the same tag reaches a cluster that was kept only by a restart.
  if (!cluster.stack)
    await cluster.kubectl(['rollout', 'restart', '-n', operatorNamespace, 'deployment/lagscaler']);
  await rolledOut(cluster, operatorNamespace, 'deployment/lagscaler');
}

export async function installCrd(cluster: Cluster): Promise<void> {
  await cluster.kubectl(['apply', '--server-side', '-f', join(repository, 'crds')]);
  await established(cluster, 'kafkaconsumerscalers.lagscaler.dev');
}

/** Returns when the API server serves the kind of a CustomResourceDefinition. */
export async function established(cluster: Cluster, name: string): Promise<void> {
  // More than once: `kubectl wait` fails on a definition so new that it has no conditions at all.
  await until(`crd/${name} is established`, () =>
    cluster.kubectl(['wait', '--for=condition=Established', `crd/${name}`, '--timeout=10s']),
  );
}

/** The database of each service that has one; the Secret with its address is mongodb-<service>. */
const databases = { 'operation-service': 'operation_service', 'user-service': 'user_service' };

/**
 * All demo services in a namespace of their own, as deploy/demo-services has them: first the topics,
 * then everything else; ready when this returns.
 * @throws Error that says why something is not ready, or which topic exists and is not as declared
 */
export async function installDemoServices(
  cluster: Cluster,
  namespace: string,
  options: DemoOptions = {},
): Promise<void> {
  await createNamespace(cluster, namespace);
  await applySecrets(cluster, namespace);
  const folder = cluster.stack ? 'deploy/demo-services/node-port' : 'deploy/demo-services';
  const documents = parseAllDocuments(await buildFolder(cluster, folder));
  const objects: KubeObject[] = documents.map((each) => withOptions(each.toJS(), options));
  const first = objects.filter(({ kind }) => kind === 'Job' || kind === 'ConfigMap');
  const rest = objects.filter((object) => !first.includes(object));
  // A Job that has run cannot be changed.
  await cluster.kubectl(['delete', 'job', 'topics', '-n', namespace, '--ignore-not-found']);
  await applyAll(cluster, namespace, first);
  await completed(cluster, namespace, 'topics');
  await applyAll(cluster, namespace, rest);
  const deployments = demoServices.map((name) => `deployment/${name}`);
  await Promise.all(deployments.map((name) => rolledOut(cluster, namespace, name)));
}

async function applySecrets(cluster: Cluster, namespace: string): Promise<void> {
  const secret = (name: string, stringData: Readonly<Record<string, string>>) =>
    applyObject(cluster, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      stringData,
    });
  await secret('kafka', { KAFKA_BOOTSTRAP_SERVERS: cluster.podBootstrapServers.join(',') });
  for (const [service, database] of Object.entries(databases)) {
    await secret(`mongodb-${service}`, { MONGODB_CONNECTION_STRING: cluster.mongoUrl(database) });
  }
}

async function applyAll(
  cluster: Cluster,
  namespace: string,
  objects: readonly KubeObject[],
): Promise<void> {
  const manifests = objects.map((object) => stringify(object)).join('---\n');
  await cluster.kubectl(['apply', '-n', namespace, '-f', '-'], manifests);
}

/** user-approval-service alone, in a namespace of its own, with `replicas` pods. */
export async function installApprovalService(
  cluster: Cluster,
  namespace: string,
  options: {
    readonly replicas: number;
    readonly env?: Readonly<Record<string, string>>;
    /** Pods share processes where the cluster is the embedded stack. */
    readonly light?: boolean;
  },
): Promise<void> {
  const name = 'user-approval-service';
  const { replicas, env = {}, light = false } = options;
  await createNamespace(cluster, namespace);
  await applyObject(cluster, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'kafka', namespace },
    stringData: { KAFKA_BOOTSTRAP_SERVERS: cluster.podBootstrapServers.join(',') },
  });
  const documents = parseAllDocuments(await buildFolder(cluster, `deploy/demo-services/${name}`));
  const wanted: DemoOptions = {
    replicas: { [name]: replicas },
    env: { [name]: env },
    light: light ? [name] : [],
  };
  const objects: KubeObject[] = documents.map((each) => withOptions(each.toJS(), wanted));
  await applyAll(cluster, namespace, objects);
  await rolledOut(cluster, namespace, `deployment/${name}`);
}

export async function createNamespace(cluster: Cluster, name: string): Promise<void> {
  await applyObject(cluster, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

export async function applyObject(cluster: Cluster, object: object): Promise<void> {
  await cluster.kubectl(['apply', '-f', '-'], stringify(object));
}

async function applyFolder(cluster: Cluster, folder: string): Promise<void> {
  await cluster.kubectl(['apply', '-f', '-'], await buildFolder(cluster, folder));
}

/** A kustomization with our images as this cluster knows them. */
async function buildFolder(cluster: Cluster, folder: string): Promise<string> {
  const built = await cluster.kubectl(['kustomize', join(repository, folder)]);
  return built.replaceAll(
    /image: (lagscaler\/[a-z-]+)\S*/g,
    (_, name) => `image: ${cluster.image(name)}`,
  );
}

interface Sample {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly kafka: object } & Record<string, unknown>;
}

/** A resource of samples/ with the brokers of this cluster and, on top, `spec`. */
export function sampleScaler(cluster: Cluster, file: string, namespace: string, spec: object = {}) {
  const sample: Sample = parse(readFileSync(join(repository, 'samples', file), 'utf8'));
  const kafka = { ...sample.spec.kafka, bootstrapServers: cluster.podBootstrapServers };
  return {
    ...sample,
    metadata: { ...sample.metadata, namespace },
    spec: { ...sample.spec, kafka, ...spec },
  };
}
