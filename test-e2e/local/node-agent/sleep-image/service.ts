import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { LightService } from '../../images.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The test image `lagscaler/sleep`: serves /readyz and /livez and does nothing else.
 *
 * | variable | meaning |
 * |---|---|
 * | HTTP_HOST, HTTP_PORT | where it listens; default 127.0.0.1:8080; HTTP_PORT=0 serves nothing |
 * | READY_AFTER_MS | /readyz answers 503 until then; default 0 |
 * | UNHEALTHY_AFTER_MS | /livez answers 500 from then on; default never |
 * | EXIT_AFTER_MS, EXIT_CODE | ends by itself; default never, with code 0 |
 * | STOP_MS | how long it takes to end when asked to; default 0 |
 * | IGNORE_SIGTERM | "true": does not end when asked to |
 */
export async function start(env: Env): Promise<LightService> {
  const startedAt = performance.now();
  const ms = (name: string) => (env[name] === undefined ? undefined : Number(env[name]));
  const age = () => performance.now() - startedAt;
  const healthy = (path: string | undefined) => {
    if (path === '/readyz') return age() >= (ms('READY_AFTER_MS') ?? 0);
    return age() < (ms('UNHEALTHY_AFTER_MS') ?? Number.POSITIVE_INFINITY);
  };
  const server = createServer((request, response) => {
    response.writeHead(healthy(request.url) ? 200 : 503).end();
  });
  const port = ms('HTTP_PORT') ?? 8080;
  if (port > 0) {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, env['HTTP_HOST'] ?? '127.0.0.1', resolve);
    });
  }
  console.log(`${env['HOSTNAME'] ?? 'sleep'} started, note: ${env['NOTE'] ?? 'none'}`);
  const { promise: exited, resolve: exit } = Promise.withResolvers<number>();
  const end = (code: number) => {
    server.close();
    server.closeAllConnections();
    exit(code);
  };
  const exitAfterMs = ms('EXIT_AFTER_MS');
  if (exitAfterMs !== undefined) setTimeout(() => end(ms('EXIT_CODE') ?? 0), exitAfterMs);
  const stop = async () => {
    if (env['IGNORE_SIGTERM'] === 'true') return;
    await delay(ms('STOP_MS') ?? 0);
    console.log('stopped');
    end(0);
  };
  return { stop, exited };
}
