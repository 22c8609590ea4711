import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { KafkaConsumerScalerSpec, KafkaConsumerScalerStatus } from '../../api/types.gen.ts';
import { createKubeClient } from '../../kube/client.ts';
import { collectionPath, kafkaConsumerScalers } from '../../kube/resource.ts';
import { UsageError } from '../usage-error.ts';
import type { ResourceSource } from './options.ts';

/** A KafkaConsumerScaler as the API server has it. */
export interface Resource {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: KafkaConsumerScalerSpec;
  readonly status?: KafkaConsumerScalerStatus;
}

/** @throws UsageError when a file is no such resource, KubeError when the API server does not give it */
export function readResource(source: ResourceSource): Promise<Resource> {
  return source.kind === 'file' ? fromFile(source.path) : fromCluster(source);
}

async function fromFile(path: string): Promise<Resource> {
  // biome-ignore lint/suspicious/noExplicitAny: a file is anything until it has been looked at
  let found: any;
  try {
    found = parse(readFileSync(path === '-' ? 0 : path, 'utf8')); // JSON is YAML, too
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`${path}: ${code ?? message}`, { cause: error });
  }
  if (found?.kind === 'KafkaConsumerScaler' && found.metadata?.name && found.spec?.sizing)
    return found;
  throw new UsageError(`${path}: holds no KafkaConsumerScaler`);
}

async function fromCluster(
  source: Extract<ResourceSource, { kind: 'cluster' }>,
): Promise<Resource> {
  const { name, kubeconfig, timeoutMs } = source;
  const client = createKubeClient({ kubeconfig, requestTimeoutMs: timeoutMs });
  try {
    const namespace = source.namespace ?? client.namespace ?? 'default';
    return await client.request<Resource>({
      verb: 'get',
      resource: kafkaConsumerScalers.plural,
      path: `${collectionPath(kafkaConsumerScalers, namespace)}/${encodeURIComponent(name)}`,
      signal: new AbortController().signal,
    });
  } finally {
    await client.close();
  }
}
