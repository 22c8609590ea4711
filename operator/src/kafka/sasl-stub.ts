import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { int16, int32, onFrames, reply } from './stub-frames.ts';
import type { Address } from './transport.ts';

/** What the stub answers to one SaslAuthenticate. */
export interface SaslAnswer {
  /** 0 or e.g. 58, SASL_AUTHENTICATION_FAILED. */
  readonly errorCode?: number;
  /** A challenge; empty: the exchange is over. */
  readonly challenge?: string;
  readonly sessionLifetimeMs?: number;
}

export interface SaslStub {
  readonly address: Address;
  /** What clients sent with SaslAuthenticate, in order. */
  readonly messages: readonly string[];
  /** Open connections. */
  connections(): number;
  /** Cuts every connection, as a broker that dies. */
  cut(): void;
  close(): Promise<void>;
}

const apis = { saslHandshake: 17, apiVersions: 18, saslAuthenticate: 36 } as const;

/** Only for tests: a listener that gets as far as SASL. */
export async function startSaslStub(answer: (message: string) => SaslAnswer): Promise<SaslStub> {
  const sockets = new Set<Socket>();
  const messages: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    onFrames(socket, (frame) => {
      const apiKey = frame.readInt16BE(0);
      if (apiKey === apis.apiVersions) return reply(socket, frame, apiVersions());
      if (apiKey === apis.saslHandshake) return reply(socket, frame, handshake());
      const message = authBytes(frame);
      messages.push(message);
      reply(socket, frame, authenticated(answer(message)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    messages,
    connections: () => sockets.size,
    cut,
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The compact bytes behind the header: client id, no tags, length + 1. */
function authBytes(frame: Buffer): string {
  const start = 10 + Math.max(frame.readInt16BE(8), 0) + 1;
  let length = 0;
  let at = start;
  for (let shift = 0; ; shift += 7) {
    const byte = frame.readUInt8(at++);
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return frame.subarray(at, at + length - 1).toString();
}

const apiVersions = (): Buffer =>
  Buffer.concat([int16(0), int32(1), int16(apis.saslAuthenticate), int16(0), int16(2), int32(0)]);

const handshake = (): Buffer =>
  Buffer.concat([int16(0), int32(1), int16(11), Buffer.from('OAUTHBEARER')]);

function authenticated({
  errorCode = 0,
  challenge = '',
  sessionLifetimeMs = 0,
}: SaslAnswer): Buffer {
  const lifetime = Buffer.alloc(8);
  lifetime.writeBigInt64BE(BigInt(sessionLifetimeMs));
  const bytes = Buffer.from(challenge);
  const compact = Buffer.concat([Buffer.from([bytes.length + 1]), bytes]);
  const noTags = Buffer.from([0]);
  const noMessage = Buffer.from([0]);
  return Buffer.concat([noTags, int16(errorCode), noMessage, compact, lifetime, noTags]);
}
