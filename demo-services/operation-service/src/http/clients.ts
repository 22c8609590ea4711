import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The connections of a server, for its end: Node itself waits without limit for some slow clients, and
 * takes a connection for idle as soon as an answer is made, whether or not it has gone out.
 */
export interface Clients {
  /**
   * Destroys at once each connection on which no request has begun, and each on which it has been the
   * client's turn for `graceMs`, counted from the first call. Call it again and again.
   */
  dropSlow(graceMs: number): void;
}

interface Client {
  /** Requests whose headers have come and whose answer has not gone out. */
  readonly open: Set<ServerResponse>;
  /** When it was last seen to be our turn. */
  ourTurnAt: number | undefined;
}

export function trackClients(server: Server): Clients {
  const clients = new Map<Socket, Client>();
  server.on('connection', (socket) => {
    clients.set(socket, { open: new Set(), ourTurnAt: undefined });
    socket.once('close', () => clients.delete(socket));
  });
  server.prependListener('request', ({ socket }, response) => {
    const open = clients.get(socket)?.open;
    open?.add(response);
    response.once('close', () => open?.delete(response));
  });
  return {
    dropSlow(graceMs) {
      const now = performance.now();
      for (const [socket, client] of clients) {
        if ([...client.open].some(isOurTurn)) client.ourTurnAt = now;
        client.ourTurnAt ??= now;
        if (client.open.size === 0 || now - client.ourTurnAt >= graceMs) socket.destroy();
      }
    },
  };
}

/** The whole request is here, and its answer is not made yet. */
function isOurTurn({ req, writableEnded }: ServerResponse): boolean {
  return req.complete && !writableEnded;
}
