import { afterAll, inject } from 'vitest';
import type { Cluster } from './cluster.ts';
import { embeddedCluster } from './clusters/embedded.ts';
import { type ExternalCluster, externalCluster } from './clusters/external.ts';
import type { MongoServer } from './clusters/mongo.ts';
import { createKubeReader, type KubeReader } from './kube.ts';
import { attachStack, type Stack } from './local/stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Directory of the stack that suite-setup.ts started; empty when another cluster was named. */
    stackDir: string;
    /** The cluster of this run when it is not the embedded stack. */
    external: ExternalCluster | undefined;
    /** Of MONGODB_CONNECTION_STRING, in the place of the stack's stand-in. */
    mongo: MongoServer | undefined;
  }
}

/** The cluster of this test run, started once for all specs by suite-setup.ts. */
export async function suiteCluster(): Promise<{ cluster: Cluster; kube: KubeReader }> {
  const external = inject('external');
  const cluster = external
    ? externalCluster(external)
    : embeddedCluster(await suiteStack(), inject('mongo'));
  const kube = createKubeReader(cluster.kubeconfig);
  afterAll(() => kube.close());
  return { cluster, kube };
}

/** Why a spec that breaks parts of the stack cannot run elsewhere; undefined where it can. */
export const needsStack = inject('stackDir')
  ? undefined
  : 'only the embedded stack can have its parts frozen and killed';

export async function suiteStack(): Promise<Stack> {
  return attachStack(inject('stackDir'));
}
