import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

/** What the probes and /metrics answer with. */
export interface HealthSource {
  readonly registry: Registry;
  /** Undefined when fine, else why not: the answer of the probe. */
  readonly notLive: () => string | undefined;
  readonly notReady: () => string | undefined | Promise<string | undefined>;
}

export interface HealthOptions extends HealthSource {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface HttpAnswer {
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
  const server = createServer(answerWith(options));
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

/**
 * The answer of /healthz, /readyz or /metrics; undefined for any other path. A readiness that cannot
 * be found out is none.
 * @param path without the query
 */
export async function healthAnswer(
  path: string,
  { registry, notLive, notReady }: HealthSource,
): Promise<HttpAnswer | undefined> {
  switch (path) {
    case '/healthz':
      return probe(notLive());
    case '/readyz':
      return probe(await Promise.resolve().then(notReady).catch(readinessUnknown));
    case '/metrics':
      return { status: 200, type: registry.contentType, body: await registry.metrics() };
    default:
      return undefined;
  }
}

// No text of the error: it may name hosts and users.
const readinessUnknown = () => 'the readiness check failed';

function probe(problem: string | undefined): HttpAnswer {
  return problem === undefined
    ? json(200, { status: 'ok' })
    : json(503, { status: 'unavailable', reason: problem });
}

function json(status: number, body: unknown): HttpAnswer {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}

const notFound = json(404, { error: 'not_found' });
const methodNotAllowed = json(405, { error: 'method_not_allowed' });

function answerWith(source: HealthSource): RequestListener {
  const answer = async (method: string, path: string): Promise<HttpAnswer> => {
    const known = await healthAnswer(path, source);
    if (known === undefined) return notFound;
    return method === 'GET' || method === 'HEAD' ? known : methodNotAllowed;
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
