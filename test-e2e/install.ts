import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Cluster } from './cluster.ts';
import { until } from './until.ts';

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

/**
 * The approval service in a namespace of its own, with `replicas` pods.
 * @param env more variables for the container, e.g. WORK_MS
 */
export async function installApprovalService(
  cluster: Cluster,
  namespace: string,
  options: { readonly replicas: number; readonly env?: Readonly<Record<string, string>> },
): Promise<void> {
  await createNamespace(cluster, namespace);
  await applyObject(cluster, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'kafka', namespace },
    stringData: { KAFKA_BOOTSTRAP_SERVERS: cluster.podBootstrapServers.join(',') },
  });
  const name = 'user-approval-service';
  const manifests = await buildFolder(cluster, `deploy/demo-services/${name}`);
  await cluster.kubectl(['apply', '-n', namespace, '-f', '-'], manifests);
  const env = Object.entries(options.env ?? {}).map(([key, value]) => `${key}=${value}`);
  if (env.length > 0)
    await cluster.kubectl(['set', 'env', '-n', namespace, `deployment/${name}`, ...env]);
  const replicas = `--replicas=${options.replicas}`;
  await cluster.kubectl(['scale', '-n', namespace, `deployment/${name}`, replicas]);
  await rolledOut(cluster, namespace, `deployment/${name}`);
}

export async function createNamespace(cluster: Cluster, name: string): Promise<void> {
  await applyObject(cluster, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

export async function applyObject(cluster: Cluster, object: object): Promise<void> {
  await cluster.kubectl(['apply', '-f', '-'], stringify(object));
}

export async function rolledOut(cluster: Cluster, namespace: string, name: string): Promise<void> {
  await cluster.kubectl(['rollout', 'status', '-n', namespace, name, '--timeout=55s']);
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
