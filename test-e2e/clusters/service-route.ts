import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { until } from '../until.ts';

/** A way from this machine to a Service. */
export interface ServiceRoute {
  /** Without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

type Kubectl = (args: readonly string[]) => Promise<string>;

/**
 * Where the embedded stack's node agent listens for a Service of type NodePort.
 * @throws Error when the Service is of another type
 */
export async function nodePortUrl(
  kubectl: Kubectl,
  namespace: string,
  service: string,
): Promise<string> {
  const path = 'jsonpath={.spec.ports[0].nodePort}';
  const port = await kubectl(['get', 'service', service, '-n', namespace, '-o', path]);
  if (!port)
    throw new Error(
      `Service ${namespace}/${service}: make it one of type NodePort, as ` +
        'deploy/demo-services/node-port does: nothing else is routed on the embedded stack',
    );
  return `http://127.0.0.1:${port}`;
}

/** A `kubectl port-forward` of its own, which answers when this returns. It serves one pod: when that ends, so does the route. */
export async function forwardService(
  kubectl: Kubectl,
  kubeconfig: string,
  namespace: string,
  service: string,
): Promise<ServiceRoute> {
  const path = 'jsonpath={.spec.ports[0].port}';
  const port = await kubectl(['get', 'service', service, '-n', namespace, '-o', path]);
  const local = await freePort();
  const args = ['--kubeconfig', kubeconfig, 'port-forward', '-n', namespace];
  const program = 'kubectl'; // of this machine, like every other call of it
  const child = spawn(program, [...args, `service/${service}`, `${local}:${port}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve()); // there is no kubectl: the wait below tells
  });
  const close = async () => {
    child.kill();
    await ended;
  };
  const url = `http://127.0.0.1:${local}`;
  try {
    await until(`${url} forwards to service ${namespace}/${service}`, () => answers(url));
  } catch (error) {
    await close();
    throw error;
  }
  return { url, close };
}

/** Any answer at all: which paths there are is not known here. */
async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
  await response.body?.cancel();
  return true;
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      server.close(() => resolve(port ?? 0));
    });
  });
}
