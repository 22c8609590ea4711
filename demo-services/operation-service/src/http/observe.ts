import type { Request, RequestHandler } from 'express';
import type { OperationMetrics } from '../operation-metrics.ts';

const knownMethods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);
/** As proxies count a client that went away before it had its answer. */
const clientGone = 499;

/** Counts each request under its route's pattern, never under the path itself. */
export function observe({ requests, requestSeconds }: OperationMetrics): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    response.once('close', () => {
      const labels = { method: methodOf(request), route: routeOf(request) };
      const status = String(response.writableEnded ? response.statusCode : clientGone);
      requests.inc({ ...labels, status });
      // A long poll takes as long as it was asked to.
      if (request.query['wait'] !== undefined) return;
      requestSeconds.observe(labels, (performance.now() - startedAt) / 1_000);
    });
    next();
  };
}

function methodOf({ method }: Request): string {
  return knownMethods.has(method) ? method : 'other';
}

function routeOf({ route }: Request): string {
  return typeof route?.path === 'string' ? route.path : 'none';
}
