import { networkInterfaces } from 'node:os';
import type { ConnectionOptions } from '@platformatic/kafka';
import { expect, onTestFinished, test } from 'vitest';
import { ConnectFailure } from './connect-failure.ts';
import { type Lookup, Names } from './names.ts';
import { Pool } from './pool.ts';
import { silent, startBlackHole, startStub, wrongPassword } from './testing.ts';

const connectTimeout = 300;
const hasIPv6 = Object.values(networkInterfaces())
  .flat()
  .some((i) => i?.address === '::1');

function poolOf(addresses: readonly string[] = [], options: ConnectionOptions = {}): Pool {
  const names = new Names(async () => addresses);
  const pool = new Pool({
    clientId: 'test',
    connection: { connectTimeout, requestTimeout: 300, ...options },
    names,
  });
  onTestFinished(() => pool.close());
  return pool;
}
const failureOf = (pool: Pool, port: number) =>
  pool.connect({ host: 'kafka', port }).then(
    () => expect.unreachable('it connected'),
    (error: ConnectFailure) => error,
  );

test('there is one connection per broker, and a new one when it has ended', async () => {
  const broker = await startStub(silent);
  const pool = poolOf();
  const [first, second] = await Promise.all([
    pool.connect(broker.address),
    pool.connect(broker.address),
  ]);
  expect(first).toBe(second);
  first.socket.destroy();
  const third = await pool.connect(broker.address);
  expect(third).not.toBe(first);
  expect(await pool.connect(broker.address)).toBe(third);
  await expect.poll(broker.connections).toBe(1);
});

test('a host of several addresses is met at the first that accepts, and there again', async () => {
  const broker = await startStub(silent, '127.0.0.3');
  const { port } = broker.address;
  const pool = poolOf(['127.0.0.2', '127.0.0.3', '127.0.0.4']); // nobody at the others
  const first = await pool.connect({ host: 'kafka', port });
  expect(first.socket.remoteAddress).toBe('127.0.0.3');
  first.socket.destroy();
  await expect.poll(broker.connections).toBe(0);
  const decoy = await startStub(silent, '127.0.0.2', port);
  await pool.connect({ host: 'kafka', port });
  expect([broker.connections(), decoy.accepted()]).toEqual([1, 0]);
});

test('an address at which connections hang takes its time, and the next one is tried', async () => {
  const blackHole = await startBlackHole();
  const broker = await startStub(silent, '127.0.0.3', blackHole.port);
  const pool = poolOf([blackHole.host, '127.0.0.3']);
  const startedAt = performance.now();
  await pool.connect({ host: 'kafka', port: blackHole.port });
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(connectTimeout - 10);
  expect(broker.connections()).toBe(1);
});

test('a broker that was met and refuses is not asked again at its other addresses', async () => {
  const broker = await startStub(wrongPassword, '127.0.0.2');
  const { port } = broker.address;
  const other = await startStub(wrongPassword, '127.0.0.3', port);
  const sasl = { mechanism: 'PLAIN', username: 'alice', password: 'hunter2' } as const;
  const error = await failureOf(poolOf(['127.0.0.2', '127.0.0.3'], { sasl }), port);
  expect(error).toMatchObject({ authenticating: true, wasMet: true });
  expect(other.accepted()).toBe(0);
  // This broker waits for the client to go, for ever.
  await expect.poll(broker.connections).toBe(0);
});

test('nobody at any address: the cause of the last one', async () => {
  const pool = poolOf(['127.0.0.2', '127.0.0.3']);
  const error = await failureOf(pool, 1);
  expect(error).toBeInstanceOf(ConnectFailure);
  expect(error).toMatchObject({ wasMet: false, cause: { cause: { code: 'ECONNREFUSED' } } });
});

test('a name without an address, or a name server that does not answer, is a failure to connect', async () => {
  expect(await failureOf(poolOf([]), 9092)).toMatchObject({ wasMet: false });
  const connection = { connectTimeout: 20 };
  const names = new Names(() => new Promise(() => undefined));
  const pool = new Pool({ clientId: 'test', connection, names });
  expect(await failureOf(pool, 9092)).toMatchObject({ cause: { code: 'ETIMEOUT' } });
});

test('closing ends a connection that is being made, and none is made afterwards', async () => {
  const blackHole = await startBlackHole();
  const pool = poolOf([blackHole.host, '127.0.0.3']);
  const failure = failureOf(pool, blackHole.port);
  await new Promise((resolve) => setImmediate(resolve));
  const startedAt = performance.now();
  pool.close();
  await failure;
  expect(performance.now() - startedAt).toBeLessThan(connectTimeout / 2);
  await expect(pool.connect(blackHole)).rejects.toThrow(ConnectFailure);
});

test.skipIf(!hasIPv6)('an IPv6 address is reached', async () => {
  const broker = await startStub(silent, '::1');
  expect(broker.server).toMatch(/^\[::1\]:\d+$/);
  const connection = await poolOf().connect(broker.address);
  expect(connection.socket.remoteFamily).toBe('IPv6');
});

test.for([
  ['of the host', {}, 'kafka', 'kafka'],
  ['of spec.kafka.tls.serverName', { tlsServerName: 'other' }, 'kafka', 'other'],
  ['of the host, whatever the bootstrap servers are', { tlsServerName: true }, 'kafka', 'kafka'],
  ['none for an address', { tlsServerName: true }, '127.0.0.1', undefined],
] as const)('the name asked for in TLS is that %s', async ([, options, host, name]) => {
  const asked: (string | undefined)[] = [];
  const broker = await startStub((socket) =>
    socket.once('data', (hello) => {
      asked.push(serverNameIn(hello));
      socket.destroy();
    }),
  );
  const { port } = broker.address;
  const pool = poolOf(['127.0.0.1'], { tls: {}, ...options });
  await expect(pool.connect({ host, port })).rejects.toThrow(ConnectFailure);
  expect(asked).toEqual([name]);
});

/** The extension server_name of a ClientHello: type 0, lengths, type 0, length, then the name. */
function serverNameIn(hello: Buffer): string | undefined {
  const names = ['kafka', 'other', '127.0.0.1'];
  return names.find((name) =>
    hello.includes(Buffer.from(`\0\0${String.fromCharCode(name.length)}${name}`)),
  );
}

/** A name server that answers when the test says so. */
function nameServer() {
  const asked: string[] = [];
  const answers = new Map<string, () => void>();
  const lookup: Lookup = (host) => {
    asked.push(host);
    return new Promise((resolve) => answers.set(host, () => resolve([`at ${host}`])));
  };
  return { names: new Names(lookup), asked, answer: (host: string) => answers.get(host)?.() };
}

test('lookups of one name are shared, and six are made at a time', async () => {
  const { names, asked, answer } = nameServer();
  const hosts = ['a', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'a'];
  const found = hosts.map((host) => names.addressesOf(host, 10_000));
  expect(asked.join('')).toBe('abcdef');
  answer('b');
  await expect.poll(() => asked.join('')).toBe('abcdefg');
  for (const host of hosts) answer(host);
  expect(await Promise.all(found)).toEqual(hosts.map((host) => [`at ${host}`]));
  void names.addressesOf('a', 10_000);
  expect(asked.join('')).toBe('abcdefga');
});

test('a lookup that hangs is not made twice', async () => {
  const { names, asked } = nameServer();
  for (let i = 0; i < 5; i += 1) {
    await expect(names.addressesOf('a', 5)).rejects.toMatchObject({ code: 'ETIMEOUT' });
  }
  expect(asked).toEqual(['a']);
});

test('names about which the name server was silent hold up each other, and no others', async () => {
  const silent = ['a', 'b', 'c', 'd', 'e', 'f'];
  const { names, asked, answer } = nameServer();
  const timeOut = () => Promise.allSettled(silent.map((host) => names.addressesOf(host, 5)));
  await timeOut();
  for (const host of asked.splice(0)) answer(host); // too late
  await new Promise((resolve) => setImmediate(resolve));
  await timeOut();
  expect(asked).toEqual(['a']);
  const found = names.addressesOf('other', 10_000);
  expect(asked.at(-1)).toBe('other');
  answer('other');
  expect(await found).toEqual(['at other']);
});
