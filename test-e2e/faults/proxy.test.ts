import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FaultProxy, startFaultProxies } from './proxy.ts';
import { framed, frameReader, requestHeader } from './wire.ts';

/** Behind the proxy stands a broker that answers every request with its number and a text. */
const text = 'x'.repeat(100);
const broker = createServer((socket) => {
  const read = frameReader();
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    for (const frame of read(chunk)) {
      const answer = Buffer.concat([frame.subarray(4, 8), Buffer.from(text)]);
      socket.write(framed(answer));
    }
  });
});

let proxy: FaultProxy;
beforeEach(async () => {
  if (!broker.listening) await once(broker.listen(0, '127.0.0.1'), 'listening');
  const { port } = broker.address() as AddressInfo;
  const [started] = await startFaultProxies([`127.0.0.1:${port}`]);
  if (!started) throw new Error('no proxy');
  proxy = started;
});
afterEach(() => proxy.close());

interface Client {
  readonly socket: Socket;
  received: number;
  ended: boolean;
  readonly answers: number[];
}
async function open(): Promise<Client> {
  const socket = connect(proxy.address);
  const client: Client = { socket, received: 0, ended: false, answers: [] };
  const read = frameReader();
  socket.on('error', () => socket.destroy());
  socket.on('end', () => {
    client.ended = true;
  });
  socket.on('data', (chunk: Buffer) => {
    client.received += chunk.length;
    for (const frame of read(chunk)) client.answers.push(requestHeader(frame).correlationId);
  });
  await once(socket, 'connect');
  return client;
}
/** A request for ApiVersions, version 3. */
const ask = ({ socket }: Client) => socket.write(framed(Buffer.from([0, 18, 0, 3, 0, 0, 0, 7])));

test('without a fault answers pass', async () => {
  const client = await open();
  ask(client);
  await expect.poll(() => client.answers).toHaveLength(1);
});

test('silence takes connections and requests, and all passes when it is over', async () => {
  const before = await open();
  await proxy.set({ kind: 'silent' });
  const during = await open();
  for (const client of [before, during]) ask(client);
  const other = await open(); // by now an answer would be here
  expect([before.received, during.received, other.received]).toEqual([0, 0, 0]);
  await proxy.set({ kind: 'none' });
  await expect.poll(() => before.answers.length + during.answers.length).toBe(2);
});

test('a delay makes each answer late', async () => {
  await proxy.set({ kind: 'delay', ms: 100 });
  const client = await open();
  const startedAt = performance.now();
  ask(client);
  await expect.poll(() => client.answers).toHaveLength(1);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(99);
});

test('a throttled answer trickles, and the rest comes when it is over', async () => {
  await proxy.set({ kind: 'throttle', bytesPerSecond: 20 });
  const client = await open();
  ask(client);
  await expect.poll(() => client.received).toBeGreaterThan(1);
  expect(client.answers).toEqual([]);
  await proxy.set({ kind: 'none' });
  await expect.poll(() => client.answers).toHaveLength(1);
});

test('a cut ends the connection in the middle of an answer', async () => {
  await proxy.set({ kind: 'cut' });
  const client = await open();
  ask(client);
  await expect.poll(() => client.socket.destroyed).toBe(true);
  expect(client.answers).toEqual([]);
  expect(client.received).toBeLessThan(text.length);
});

test('a connection that is half closed brings no answer and still takes requests', async () => {
  await proxy.set({ kind: 'halfClose' });
  const client = await open();
  client.socket.allowHalfOpen = true;
  ask(client);
  await expect.poll(() => client.ended).toBe(true);
  expect([client.received, client.socket.writable]).toEqual([0, true]);
});

test('refusing resets connections and takes none until it is over, at the same port', async () => {
  const { port } = proxy.address;
  const client = await open();
  await proxy.set({ kind: 'refuse' });
  await expect.poll(() => client.socket.destroyed).toBe(true);
  await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await proxy.set({ kind: 'none' });
  expect(proxy.address.port).toBe(port);
  const again = await open();
  ask(again);
  await expect.poll(() => again.answers).toHaveLength(1);
  again.socket.destroy();
  await expect.poll(() => proxy.connections()).toBe(0);
});
