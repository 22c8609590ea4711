import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test, vi } from 'vitest';
import { fakeApi } from './fake-api.ts';
import { aContainer, aPod } from './fixtures.ts';
import { NodePorts, nodePortServices } from './node-ports.ts';
import type { Pod, Service, ServicePort } from './types.ts';
import { watchObjects } from './watch.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
  vi.restoreAllMocks();
});

/** A server in a pod's place: it says its name when the client has said all it has to say. */
async function aBackend(host: string, port = 0): Promise<{ port: number; server: Server }> {
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    socket.on('error', () => {});
    const heard = await text(socket).catch(() => '');
    socket.end(`${host} heard ${heard}`);
  });
  server.listen(port, host);
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return { port: (server.address() as { port: number }).port, server };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}

const ready = { type: 'Ready', status: 'True' } as const;

function webPod(ip: string, port: number, metadata: Partial<Pod['metadata']> = {}): Pod {
  const container = aContainer({ ports: [{ name: 'http', containerPort: port }] });
  const labels = { app: 'web', version: 'v1' };
  return {
    ...aPod({ containers: [aContainer(), container] }, { uid: ip, labels, ...metadata }),
    status: { podIP: ip, conditions: [ready] },
  };
}

function webService(nodePort: number, port: Partial<ServicePort> = {}): Service {
  const ports = [{ port: 80, targetPort: 'http', nodePort, ...port }];
  return {
    metadata: { name: 'web', namespace: 'shop', uid: 's-1' },
    spec: { type: 'NodePort', selector: { app: 'web' }, ports },
  };
}

function started(): NodePorts {
  const nodePorts = new NodePorts();
  cleanups.push(() => nodePorts.close());
  return nodePorts;
}

/** @returns what is answered; empty when the connection is closed or refused */
async function ask(port: number, words = 'hello'): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  socket.end(words);
  return text(socket).catch(() => '');
}

const soon = { timeout: 5_000 };

test('connections go to the ready pods in turn, by the name of their port', async () => {
  const [a, b] = [await aBackend('127.0.9.1'), await aBackend('127.0.9.2')];
  const [nodePort, nodePorts] = [await freePort(), started()];
  nodePorts.podHandlers.replaced([webPod('127.0.9.1', a.port), webPod('127.0.9.2', b.port)]);
  nodePorts.serviceHandlers.replaced([webService(nodePort)]);
  await expect.poll(() => ask(nodePort), soon).toContain('heard hello');
  const answers = [];
  for (let i = 0; i < 4; i++) answers.push(await ask(nodePort, `${i}`));
  expect(answers.filter((each) => each.startsWith('127.0.9.1 heard'))).toHaveLength(2);
  expect(answers.filter((each) => each.startsWith('127.0.9.2 heard'))).toHaveLength(2);
});

test('a target port by number, and one that is not named at all', async () => {
  const { port } = await aBackend('127.0.9.3');
  const [byNumber, byDefault, nodePorts] = [await freePort(), await freePort(), started()];
  nodePorts.podHandlers.changed(webPod('127.0.9.3', port));
  const { targetPort: _, ...untargeted } = { port, nodePort: byDefault, targetPort: 0 };
  const service = webService(byNumber, { targetPort: port });
  const ports = [...(service.spec.ports ?? []), untargeted];
  nodePorts.serviceHandlers.changed({ ...service, spec: { ...service.spec, ports } });
  await expect.poll(() => ask(byNumber), soon).toBe('127.0.9.3 heard hello');
  await expect.poll(() => ask(byDefault), soon).toBe('127.0.9.3 heard hello');
});

const unready = { ...ready, status: 'False' } as const;

test.for<[string, (pod: Pod) => Pod]>([
  ['is not ready', (pod) => ({ ...pod, status: { ...pod.status, conditions: [unready] } })],
  ['is about to end', (pod) => ({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: 'x' } })],
  ['has other labels', (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: { app: 'db' } } })],
  ['is in another namespace', (pod) => ({ ...pod, metadata: { ...pod.metadata, namespace: 'x' } })],
  ['has no port of that name', (pod) => ({ ...pod, spec: { containers: [aContainer()] } })],
])('a pod that %s gets no connection, and the only one is closed', async ([, change]) => {
  const [good, bad] = [await aBackend('127.0.9.4'), await aBackend('127.0.9.5')];
  const [nodePort, nodePorts] = [await freePort(), started()];
  const [goodPod, badPod] = [webPod('127.0.9.4', good.port), webPod('127.0.9.5', bad.port)];
  nodePorts.serviceHandlers.changed(webService(nodePort));
  nodePorts.podHandlers.replaced([goodPod, change(badPod)]);
  await expect.poll(() => ask(nodePort), soon).toBe('127.0.9.4 heard hello');
  expect(await ask(nodePort)).toBe('127.0.9.4 heard hello');
  nodePorts.podHandlers.deleted(goodPod);
  expect(await ask(nodePort)).toBe('');
  nodePorts.podHandlers.changed(badPod);
  expect(await ask(nodePort)).toBe('127.0.9.5 heard hello');
});

test('a connection to a pod that goes away breaks', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.9.6');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const [nodePort, nodePorts] = [await freePort(), started()];
  const { port } = server.address() as { port: number };
  nodePorts.podHandlers.changed(webPod('127.0.9.6', port));
  nodePorts.serviceHandlers.changed(webService(nodePort));
  const client = connect({ port: nodePort, host: '127.0.0.1' });
  await expect.poll(() => sockets, soon).toHaveLength(1);
  const closed = once(client, 'close');
  sockets[0]?.resetAndDestroy();
  await closed;
});

test('a Service that goes, or changes its port, is no longer listened for', async () => {
  const { port } = await aBackend('127.0.9.7');
  const [first, second, nodePorts] = [await freePort(), await freePort(), started()];
  nodePorts.podHandlers.changed(webPod('127.0.9.7', port));
  nodePorts.serviceHandlers.changed(webService(first));
  await expect.poll(() => ask(first), soon).toContain('heard');
  nodePorts.serviceHandlers.changed(webService(second));
  await expect.poll(() => ask(second), soon).toContain('heard');
  expect(await ask(first)).toBe('');
  nodePorts.serviceHandlers.deleted(webService(second));
  expect(await ask(second)).toBe('');
});

test('a port that somebody else holds is taken when it is free', async () => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const { port } = await aBackend('127.0.9.8');
  const [nodePort, nodePorts] = [await freePort(), started()];
  const other = createServer().listen(nodePort, '127.0.0.1');
  await once(other, 'listening');
  nodePorts.podHandlers.changed(webPod('127.0.9.8', port));
  nodePorts.serviceHandlers.changed(webService(nodePort));
  await expect
    .poll(() => warned.mock.calls.flat(), soon)
    .toContainEqual(expect.stringContaining(`node port ${nodePort}`));
  other.close();
  await expect.poll(() => ask(nodePort), soon).toBe('127.0.9.8 heard hello');
});

test('Services come from the API server, those of type NodePort only', async () => {
  const { port } = await aBackend('127.0.9.9');
  const [nodePort, nodePorts] = [await freePort(), started()];
  const selectors: (string | null)[] = [];
  const { api, close } = await fakeApi((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    selectors.push(query.get('fieldSelector'));
    if (!query.get('watch'))
      return response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: [] }));
    response.write(`${JSON.stringify({ type: 'ADDED', object: webService(nodePort) })}\n`);
    return undefined;
  });
  const stop = new AbortController();
  cleanups.push(() => stop.abort(), close);
  nodePorts.podHandlers.changed(webPod('127.0.9.9', port));
  void watchObjects(api, nodePortServices, nodePorts.serviceHandlers, stop.signal);
  await expect.poll(() => ask(nodePort), soon).toBe('127.0.9.9 heard hello');
  expect(new Set(selectors)).toEqual(new Set(['spec.type=NodePort']));
});
