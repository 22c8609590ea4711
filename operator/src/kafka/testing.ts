import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { int16, int32, onFrames, reply } from './stub-frames.ts';
import { type Address, addressText } from './transport.ts';

/** Only for tests: brokers on loopback that do as they are told with each connection. */
export interface Stub {
  readonly address: Address;
  /** `host:port`, as in spec.kafka.bootstrapServers. */
  readonly server: string;
  /** Connections that are open. */
  connections(): number;
  /** Connections that were ever accepted. */
  accepted(): number;
  close(): Promise<void>;
}

export type Behaviour = (socket: Socket) => void;

/** Lives until the end of the test. */
export async function startStub(behave: Behaviour, host = '127.0.0.1', port = 0): Promise<Stub> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.resume(); // else the end of the connection is never noticed
    behave(socket);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = { host, port: (server.address() as AddressInfo).port };
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  return {
    address,
    server: addressText(address),
    connections: () => sockets.size,
    accepted: () => accepted,
    close,
  };
}

export const silent: Behaviour = () => undefined;
export const hangUp: Behaviour = (socket) => socket.end();
export const reset: Behaviour = (socket) => socket.resetAndDestroy();
/** What a web server says to a TLS handshake. */
export const plainText: Behaviour = (socket) => socket.end('HTTP/1.1 400\r\n');
/** A TLS alert out of nowhere. */
export const tlsAlert: Behaviour = (socket) => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 40]));

/** Length, correlation id of the request, error code 0, then nothing that makes sense. */
export const nonsense: Behaviour = (socket) =>
  socket.on('data', (request) => {
    const answer = Buffer.alloc(14, 0xff);
    answer.writeInt32BE(10);
    request.copy(answer, 4, 8, 12);
    answer.writeInt16BE(0, 8);
    socket.write(answer);
  });

const apiKeys = { apiVersions: 18, saslHandshake: 17, saslAuthenticate: 36 } as const;
const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)]);

/** Bodies of the answers of a listener with SASL to whom every password is wrong; versions 0 and 1. */
const refusal: Readonly<Record<number, Buffer>> = {
  [apiKeys.apiVersions]: Buffer.concat([
    ...[int16(0), int32(3)],
    ...Object.values(apiKeys).map((key) => int16(key, 0, 1)),
    int32(0), // throttle time
  ]),
  [apiKeys.saslHandshake]: Buffer.concat([int16(0), int32(1), text('PLAIN')]),
  [apiKeys.saslAuthenticate]: Buffer.concat([
    ...[int16(58), text('no such user'), int32(0)],
    Buffer.alloc(8), // session lifetime
  ]),
};

/** Refuses every password, and leaves its side of the connection open as long as the client does. */
export const wrongPassword: Behaviour = (socket) => {
  socket.removeAllListeners('end');
  socket.on('end', () => {
    const goneYet = setInterval(() => socket.write('?'), 10); // fails when the client has closed its side
    socket.on('close', () => clearInterval(goneYet));
  });
  onFrames(socket, (request) =>
    reply(socket, request, refusal[request.readInt16BE()] ?? Buffer.alloc(0)),
  );
};

/** What brokers answer to ApiVersions: from the lowest to the highest version by API key. */
export type Versions = Readonly<Record<number, readonly [number, number]>>;

/** Metadata, FindCoordinator, OffsetFetch, ListOffsets, DescribeGroups, ListGroups, then KIP-848 and shares. */
export const kafka41: Versions = {
  3: [0, 13],
  10: [0, 6],
  9: [1, 10],
  2: [1, 11],
  15: [0, 6],
  16: [0, 5],
  69: [0, 1],
  77: [1, 1],
};
export const kafka30: Versions = {
  3: [0, 11],
  10: [0, 4],
  9: [0, 8],
  2: [0, 7],
  15: [0, 5],
  16: [0, 4],
};
export const kafka28: Versions = { ...kafka30, 10: [0, 3], 9: [0, 7], 2: [0, 6] };

/**
 * Tells its versions and answers nothing else.
 * @param seen gets `key/version` of every other request
 */
export const speaking =
  (versions: Versions, seen: string[]): Behaviour =>
  (socket) =>
    onFrames(socket, (request) => {
      const [key, version] = [request.readInt16BE(0), request.readInt16BE(2)];
      if (key === apiKeys.apiVersions) reply(socket, request, told(versions));
      else seen.push(`${key}/${version}`);
    });

/** ApiVersions, version 3. */
function told(versions: Versions): Buffer {
  const ranges = Object.entries(versions);
  const noTags = Buffer.of(0);
  return Buffer.concat([
    ...[int16(0), Buffer.of(ranges.length + 1)],
    ...ranges.flatMap(([key, range]) => [int16(Number(key), ...range), noTags]),
    ...[int32(0), noTags], // throttle time
  ]);
}

/**
 * An address at which connections hang, as behind a firewall that drops packets: a stopped process
 * whose queue of connections is full. Lives until the end of the test.
 */
export async function startBlackHole(host = '127.0.0.1', port = 0): Promise<Address> {
  const script = `const server = require('net').createServer();
    server.listen({ port: ${port}, host: '${host}', backlog: 1 }, () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const address = { host, port: await firstNumber(child) };
  child.kill('SIGSTOP');
  while (await accepts(address)) {
    // One more place in the queue is taken.
  }
  return address;
}

async function firstNumber({ stdout }: ChildProcess): Promise<number> {
  if (!stdout) throw new Error('no output');
  const [chunk] = await once(stdout, 'data');
  return Number(chunk);
}

/** Whether a connection is made within 200 ms; it is kept until the end of the test. */
async function accepts(address: Address): Promise<boolean> {
  const socket = connect(address);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  return await once(socket, 'connect', { signal: AbortSignal.timeout(200) }).then(
    () => true,
    () => false,
  );
}

/** A user of SASL PLAIN. */
export const plainSasl = { mechanism: 'PLAIN', username: 'alice', password: 'hunter2' } as const;

/** TLS with the usual CAs and no client certificate. */
export const publicTls = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  serverName: undefined,
  insecureSkipVerify: false,
};
