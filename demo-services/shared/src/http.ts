import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface HealthOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly registry: Registry;
  /** Undefined when fine, else why not: the answer of the probe. */
  readonly notLive: () => string | undefined;
  readonly notReady: () => string | undefined;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * Serves /healthz, /readyz and /metrics. Plain node:http: three routes, and up to 280 of these start
 * on a small machine at once.
 * @throws when the address cannot be bound
 */
export async function serveHealth(options: HealthOptions): Promise<HealthServer> {
  const server = createServer(answerWith(routes(options)));
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { host, port }: HealthOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

type Route = () => Answer | Promise<Answer>;

function routes({ registry, notLive, notReady }: HealthOptions): ReadonlyMap<string, Route> {
  return new Map<string, Route>([
    ['/healthz', () => probe(notLive())],
    ['/readyz', () => probe(notReady())],
    [
      '/metrics',
      async () => ({ status: 200, type: registry.contentType, body: await registry.metrics() }),
    ],
  ]);
}

function probe(problem: string | undefined): Answer {
  return problem === undefined
    ? json(200, { status: 'ok' })
    : json(503, { status: 'unavailable', reason: problem });
}

function json(status: number, body: unknown): Answer {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}

function answerWith(known: ReadonlyMap<string, Route>): RequestListener {
  const answer = async (method: string, path: string): Promise<Answer> => {
    const route = known.get(path);
    if (route === undefined) return json(404, { error: 'not_found' });
    if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'method_not_allowed' });
    return route();
  };
  return (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    answer(request.method ?? 'GET', path)
      .catch(() => json(500, { error: 'internal' }))
      .then(({ status, type, body }) =>
        response.writeHead(status, { 'content-type': type }).end(body),
      )
      .catch(() => request.destroy());
  };
}
