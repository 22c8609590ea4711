import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HealthServer, healthAnswer, serveHealth } from './http.ts';

const problem: { live: string | undefined; ready: string | undefined } = {
  live: undefined,
  ready: 'waiting for topic a',
};
const options = {
  host: '127.0.0.1',
  port: 0,
  registry: new Registry(),
  notLive: () => problem.live,
  notReady: () => problem.ready,
};
let server: HealthServer;

beforeAll(async () => {
  server = await serveHealth(options);
});
afterAll(() => server.close());

async function call(path: string, method = 'GET') {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
  return [response.status, await response.text()];
}

test.for([
  ['/healthz', 'GET', 200, '{"status":"ok"}'],
  ['/readyz?x=1', 'GET', 503, '{"status":"unavailable","reason":"waiting for topic a"}'],
  ['/metrics', 'GET', 200, '\n'],
  ['/', 'GET', 404, '{"error":"not_found"}'],
  ['/healthz', 'POST', 405, '{"error":"method_not_allowed"}'],
] as const)('%s %s answers %i', async ([path, method, status, body]) => {
  expect(await call(path, method)).toEqual([status, body]);
});

test('a port in use is an error, not a silent service', async () => {
  await expect(serveHealth({ ...options, port: server.port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});

test('a readiness that cannot be found out is none, without the text of the error', async () => {
  const notReady = async () => {
    throw new Error('secret');
  };
  expect(await healthAnswer('/readyz', { ...options, notReady })).toEqual({
    status: 503,
    type: 'application/json',
    body: '{"status":"unavailable","reason":"the readiness check failed"}',
  });
});

test('the answers can be served by another server, which knows its own paths', async () => {
  expect(await healthAnswer('/healthz', options)).toMatchObject({ status: 200 });
  expect(await healthAnswer('/operation/list', options)).toBeUndefined();
});
