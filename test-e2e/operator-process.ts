import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { type MetricsText, parseMetrics } from './metrics-text.ts';
import { until } from './until.ts';

/** An operator beside the one in its pod, as the admin of the cluster. */
export interface OperatorProcess {
  /** Milliseconds from SIGTERM to its end, and its exit code; null after a signal. */
  terminate(): Promise<{ readonly exitCode: number | null; readonly tookMs: number }>;
  metrics(): Promise<MetricsText>;
  log(): string;
  /** SIGKILL, if it still runs: for the end of a test. */
  kill(): void;
}

const main = join(resolve(import.meta.dirname, '..'), 'operator/src/main.ts');

/** Returns when it is ready. @throws Error with its output when that takes longer than a minute */
export async function startOperatorProcess(
  kubeconfig: string,
  env: Readonly<Record<string, string>>,
): Promise<OperatorProcess> {
  const port = await freePort();
  const address = { KUBECONFIG: kubeconfig, HTTP_HOST: '127.0.0.1', HTTP_PORT: String(port) };
  const child = spawn(process.execPath, [main], { env: { ...process.env, ...address, ...env } });
  const exited = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  const get = (path: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2000) });
  const self: OperatorProcess = {
    async terminate() {
      const from = performance.now();
      child.kill('SIGTERM');
      const [exitCode] = (await exited) as [number | null];
      return { exitCode, tookMs: performance.now() - from };
    },
    metrics: async () => parseMetrics(await (await get('/metrics')).text()),
    log: () => output,
    kill: () => void child.kill('SIGKILL'),
  };
  try {
    await until('the operator is ready', async () => (await get('/readyz')).ok, {
      withinMs: 60_000,
      seen: () => output,
    });
  } catch (error) {
    self.kill();
    throw error;
  }
  return self;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
