import type { Cluster, OpenOptions } from '../cluster.ts';
import { kubectl } from '../local/control-plane.ts';
import { consoleProgress } from '../local/progress.ts';
import { type Stack, startStack } from '../local/stack.ts';

export async function openEmbeddedCluster({ signal, dir }: OpenOptions): Promise<Cluster> {
  const stack = await startStack({
    progress: consoleProgress(),
    ...(signal && { signal }),
    ...(dir && { dir }),
  });
  return embeddedCluster(stack);
}

/** A stack that is already there, seen as a cluster. */
export function embeddedCluster(stack: Stack): Cluster {
  return {
    name: 'embedded',
    description: `the embedded stack in ${stack.dir}`,
    kubeconfig: stack.kubeconfig,
    bootstrapServers: stack.bootstrapServers,
    podBootstrapServers: stack.bootstrapServers,
    stack,
    external: undefined,
    image: (name) => `${name}:dev`,
    kubectl: (args, stdin) => kubectl(stack.state, [...args], stdin),
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
    close: () => stack.stop(),
  };
}
