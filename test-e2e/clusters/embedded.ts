import type { Cluster, OpenOptions } from '../cluster.ts';
import { kubectl } from '../local/control-plane.ts';
import { consoleProgress } from '../local/progress.ts';
import { type Stack, startStack } from '../local/stack.ts';
import { type MongoServer, mongoFromEnv, mongoUrls } from './mongo.ts';
import { nodePortUrl } from './service-route.ts';

export async function openEmbeddedCluster({ signal, dir }: OpenOptions): Promise<Cluster> {
  const mongo = await mongoFromEnv(); // before the minutes that a first start may take
  const stack = await startStack({
    progress: consoleProgress(),
    ...(signal && { signal }),
    ...(dir && { dir }),
  });
  return embeddedCluster(stack, mongo);
}

/**
 * A stack that is already there, seen as a cluster.
 * @param mongo a server that is not the stack's own stand-in
 */
export function embeddedCluster(stack: Stack, mongo?: MongoServer): Cluster {
  const call = (args: readonly string[], stdin?: string) => kubectl(stack.state, [...args], stdin);
  const urlOf = (namespace: string, service: string) => nodePortUrl(call, namespace, service);
  return {
    name: 'embedded',
    description: `the embedded stack in ${stack.dir}`,
    kubeconfig: stack.kubeconfig,
    bootstrapServers: stack.bootstrapServers,
    podBootstrapServers: stack.bootstrapServers,
    stack,
    external: undefined,
    mongo,
    ...mongoUrls(mongo ?? standIn(stack), ''),
    image: (name) => `${name}:dev`,
    kubectl: call,
    // The API server's proxy refuses loopback addresses, but this machine can reach them itself.
    async podGet(namespace, pod, port, path) {
      const ip = await stack.kubectl(
        'get',
        'pod',
        pod,
        '-n',
        namespace,
        '-o',
        'jsonpath={.status.podIP}',
      );
      const response = await fetch(`http://${ip}:${port}${path}`, {
        signal: AbortSignal.timeout(5000),
      });
      return response.text();
    },
    serviceUrl: async (namespace, service) => ({
      url: await urlOf(namespace, service),
      close: async () => {},
    }),
    podServiceUrl: urlOf,
    close: () => stack.stop(),
  };
}

function standIn(stack: Stack): MongoServer {
  const address = stack.mongoUrl('').replace(/\/$/, '');
  return { address, podAddress: address, options: '', users: undefined };
}
