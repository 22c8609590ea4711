import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type ApiRequest, createKubeClient, type FinishedRequest } from './client.ts';
import {
  answer,
  clientFor,
  eventually,
  forever,
  refuse,
  startServer,
  writeKubeconfig,
} from './testing.ts';

const get: ApiRequest = { verb: 'get', resource: 'things', path: '/things', signal: forever };

function open(kubeconfig: string) {
  const client = createKubeClient({ kubeconfig });
  onTestFinished(() => client.close());
  return client;
}

test('twenty requests share a connection (traps C14)', async () => {
  const server = await startServer((_, response) => answer(response, {}));
  const client = clientFor(server);
  for (let i = 0; i < 20; i++) await client.request(get);
  // Two: a request can start a moment before the connection of the last one is free again.
  expect(server.connections()).toBeLessThanOrEqual(2);
});

test('a rotated CA gets connections of its own (traps C14)', async () => {
  const server = await startServer((_, response) => answer(response, {}));
  const ca = join(mkdtempSync(join(tmpdir(), 'ca-')), 'ca.crt');
  writeFileSync(ca, 'one');
  const client = open(writeKubeconfig(server.url, { cluster: { 'certificate-authority': ca } }));
  for (let i = 0; i < 5; i++) await client.request(get);
  const before = server.connections();
  expect(before).toBeLessThanOrEqual(2);
  writeFileSync(ca, 'two');
  for (let i = 0; i < 5; i++) await client.request(get);
  expect(server.connections()).toBeGreaterThan(before);
  expect(server.connections()).toBeLessThanOrEqual(before + 2);
});

test('a rotated token is read again from its file', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const server = await startServer((_, response) => answer(response, {}));
  const directory = mkdtempSync(join(tmpdir(), 'token-'));
  const tokenFile = join(directory, 'token');
  writeFileSync(tokenFile, 'first\n');
  const client = open(writeKubeconfig(server.url, { user: { tokenFile, token: 'ignored' } }));
  await client.request(get);
  writeFileSync(tokenFile, 'second\n');
  vi.setSystemTime(Date.now() + 61_000);
  await client.request(get);
  expect(server.requests.map((r) => r.headers.authorization)).toEqual([
    'Bearer first',
    'Bearer second',
  ]);
});

test.for([
  ['a patch is a merge-patch (traps C1)', 'patch', 'PATCH', 'application/merge-patch+json'],
  ['a create is JSON', 'create', 'POST', 'application/json'],
  ['an update is JSON', 'update', 'PUT', 'application/json'],
] as const)('%s', async ([, verb, method, contentType]) => {
  const server = await startServer((_, response) => answer(response, { ok: true }));
  const request = { ...get, verb, body: { spec: { replicas: 3 } }, query: { dryRun: 'All' } };
  expect(await clientFor(server).request(request)).toEqual({ ok: true });
  expect(server.requests[0]).toMatchObject({ method, body: { spec: { replicas: 3 } } });
  expect(server.requests[0]?.headers['content-type']).toBe(contentType);
  expect(server.requests[0]?.query.get('dryRun')).toBe('All');
});

test.for([
  ['a server that accepts and never answers fails at the deadline (traps C15)', undefined],
  ['so does one that stops in the middle of its answer', '{"half":'],
] as const)('%s', async ([, half]) => {
  const server = await startServer((_, response) => {
    if (half) response.write(half);
  });
  const client = clientFor(server, { requestTimeoutMs: 50 });
  await expect(client.request(get)).rejects.toMatchObject({ name: 'KubeError', code: 'Timeout' });
});

test("the caller's abort comes back as its own reason", async () => {
  const server = await startServer(() => undefined);
  const stop = new AbortController();
  const pending = clientFor(server).request({ ...get, signal: stop.signal });
  await eventually(() => expect(server.requests).toHaveLength(1));
  const reason = new Error('stop');
  stop.abort(reason);
  await expect(pending).rejects.toBe(reason);
});

test('an answer that is not JSON is a Server error', async () => {
  const server = await startServer((_, response) => response.end('<html>'));
  await expect(clientFor(server).request(get)).rejects.toMatchObject({ code: 'Server' });
});

test('a watch outlives the deadline of its headers, and ends with its signal', async () => {
  const server = await startServer((_, response) => response.write('first\n'));
  const stop = new AbortController();
  const client = clientFor(server, { requestTimeoutMs: 300 });
  const stream = await client.stream({ ...get, verb: 'watch', signal: stop.signal });
  const reader = stream.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('first\n');
  const next = reader.read();
  // A request with the same deadline fails meanwhile; the watch must not.
  server.handle(() => undefined);
  await expect(client.request(get)).rejects.toMatchObject({ code: 'Timeout' });
  stop.abort();
  await expect(next).rejects.toMatchObject({ name: 'AbortError' });
});

test('a watch without headers fails at the deadline', async () => {
  const server = await startServer(() => undefined);
  const client = clientFor(server, { requestTimeoutMs: 50 });
  await expect(client.stream({ ...get, verb: 'watch' })).rejects.toMatchObject({ code: 'Timeout' });
});

test('every request is counted by verb and resource, failed ones too', async () => {
  const server = await startServer((_, response) => refuse(response, 403, 'Forbidden'));
  const seen: FinishedRequest[] = [];
  const client = clientFor(server, { onRequest: (request) => seen.push(request) });
  await client.request(get).catch(() => undefined);
  server.handle((_, response) => answer(response, {}));
  await client.request({ ...get, verb: 'patch', resource: 'things/scale', body: {} });
  expect(seen).toMatchObject([
    { verb: 'get', resource: 'things', outcome: '403' },
    { verb: 'patch', resource: 'things/scale', outcome: '200' },
  ]);
});

test.for([
  ['a kubeconfig that does not exist', '/nowhere/kubeconfig', 'set KUBECONFIG'],
  ['no kubeconfig outside a cluster', undefined, 'set KUBECONFIG'],
] as const)('%s says what to do', ([, kubeconfig, text]) => {
  expect(() => createKubeClient({ kubeconfig })).toThrow(text);
});

test('the namespace of the context is known', async () => {
  const server = await startServer(() => undefined);
  expect(clientFor(server).namespace).toBe('here');
});
