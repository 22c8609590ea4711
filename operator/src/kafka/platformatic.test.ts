import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { KafkaConnection, LagSource } from '../controller/ports.ts';
import { createLagSource } from './lag-source.ts';

const never = new AbortController().signal;
const readTimeoutMs = 500;

interface Stub {
  readonly address: string;
  readonly connections: () => number;
  readonly accepted: () => number;
}

const servers: { server: Server; sockets: Set<Socket> }[] = [];
let source: LagSource | undefined;

afterEach(async () => {
  await source?.close();
  source = undefined;
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A broker that does as it is told with each connection. */
async function stub(behave: (socket: Socket) => void): Promise<Stub> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.resume(); // else the end of the connection is never noticed
    behave(socket);
  });
  servers.push({ server, sockets });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    address: `127.0.0.1:${address.port}`,
    connections: () => sockets.size,
    accepted: () => accepted,
  };
}

/** Length, correlation id of the request, error code 0, then nothing that makes sense. */
const nonsense = (socket: Socket) =>
  socket.on('data', (request) => {
    const answer = Buffer.alloc(14, 0xff);
    answer.writeInt32BE(10);
    request.copy(answer, 4, 8, 12);
    answer.writeInt16BE(0, 8);
    socket.write(answer);
  });

const read = (address: string, change: Partial<KafkaConnection> = {}, owner = 'shop/orders') => {
  source ??= createLagSource({
    readTimeoutMs,
    requestTimeoutMs: 200,
    connectTimeoutMs: 100,
  });
  const connection = { bootstrapServers: [address], tls: undefined, sasl: undefined, ...change };
  return source.read(
    owner,
    {
      connection,
      group: 'billing',
      topics: ['orders'],
      partitions: undefined,
      isolationLevel: 'read_uncommitted',
    },
    never,
  );
};

const sasl = { mechanism: 'PLAIN', username: 'alice', password: 'hunter2' } as const;
const tls = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  serverName: undefined,
  insecureSkipVerify: false,
};

test.for([
  ['never answers', () => undefined, {}, 'ApiVersions: request: no answer in time'],
  ['never answers TLS', () => undefined, { tls }, 'connect: TLS: no answer in time'],
  ['never answers SASL', () => undefined, { sasl }, 'connect: SASL: no answer in time'],
  ['hangs up', (s: Socket) => s.end(), {}, 'the broker closed the connection'],
  ['resets', (s: Socket) => s.resetAndDestroy(), {}, ' the connection'],
  ['speaks plain text to TLS', (s: Socket) => s.end('HTTP/1.1 400\r\n'), { tls }, 'connect: TLS: '],
] as const)('a broker that %s', async ([, behave, change, message]) => {
  const { address } = await stub(behave);
  const startedAt = performance.now();
  const reading = await read(address, change);
  expect(performance.now() - startedAt).toBeLessThan(readTimeoutMs + 150);
  expect(reading).toMatchObject({ kind: 'unavailable', reason: 'KafkaUnreachable' });
  expect(reading).toMatchObject({ message: expect.stringContaining(`${address}: `) });
  expect(reading).toMatchObject({ message: expect.stringContaining(message) });
  expect(JSON.stringify(reading)).not.toContain('hunter2');
});

test('a broker that talks nonsense', async () => {
  const { address } = await stub(nonsense);
  expect(await read(address)).toMatchObject({ kind: 'unavailable' });
});

test('a port nobody listens on', async () => {
  const { address } = await stub(() => undefined);
  const closing = servers.splice(0)[0]?.server;
  await new Promise((resolve) => closing?.close(resolve));
  expect(await read(address)).toMatchObject({
    reason: 'KafkaUnreachable',
    message: expect.stringContaining('TCP: refused'),
  });
});

test('a name that does not exist', async () => {
  expect(await read('kafka.invalid:9092')).toMatchObject({
    reason: 'KafkaUnreachable',
    message: expect.stringContaining('kafka.invalid:9092: connect: '),
  });
});

test('500 failures leave no socket, no timer and one connection at a time', async () => {
  const broker = await stub((socket) => socket.end());
  let most = 0;
  for (let i = 0; i < 500; i += 1) {
    await read(broker.address, {}, `shop/${i % 7}`);
    most = Math.max(most, broker.connections());
    if (i % 7 === 6) for (let owner = 0; owner < 7; owner += 1) source?.release(`shop/${owner}`);
  }
  expect(broker.accepted()).toBeGreaterThan(50);
  expect(most).toBeLessThan(10);
  await source?.close();
  await expect.poll(broker.connections).toBe(0);
  const ours = () => process.getActiveResourcesInfo().filter((r) => r === 'TCPSocketWrap').length;
  await expect.poll(ours).toBe(0);
});

test('close ends a read that waits for a silent broker', async () => {
  const broker = await stub(() => undefined);
  const reading = read(broker.address);
  await expect.poll(broker.connections).toBe(1);
  await source?.close();
  expect(await reading).toMatchObject({ reason: 'LagUnknown' });
  await expect.poll(broker.connections).toBe(0);
});
