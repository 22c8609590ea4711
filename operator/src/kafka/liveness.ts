import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Address } from './transport.ts';

/**
 * Resolves when a broker has given a whole answer to ApiVersions, as every listener does before
 * authentication. Of a paused broker only the kernel accepts connections; one that is cut off on the way
 * begins an answer at most.
 * @throws when the connection is refused or ends, or `signal` is aborted
 */
export async function answers(
  at: Address,
  tls: ConnectionOptions | undefined,
  signal: AbortSignal,
): Promise<void> {
  const socket: Socket = tls
    ? connectTls({ ...tls, host: at.host, port: at.port, rejectUnauthorized: false })
    : connectTcp(at);
  try {
    const opened = once(socket, tls ? 'secureConnect' : 'connect', { signal });
    const closed = once(socket, 'close', { signal }).then(() =>
      Promise.reject(new Error('closed')),
    );
    await Promise.race([opened.then(() => wholeAnswer(socket)), closed]);
  } finally {
    // Late errors of a socket nobody waits for any more.
    socket.on('error', () => undefined);
    socket.destroy();
  }
}

function wholeAnswer(socket: Socket): Promise<void> {
  let received = Buffer.alloc(0);
  const whole = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      if (received.length <= longestAnswer) received = Buffer.concat([received, chunk]);
      if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) resolve();
    });
  });
  socket.write(apiVersionsV0);
  return whole;
}

/** Many times what any broker has to say; a peer that says more is none. */
const longestAnswer = 65_536;
/** Length 10, key 18, version 0, correlation id 1, client id null. */
const apiVersionsV0 = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]);
