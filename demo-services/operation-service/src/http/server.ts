import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import { type Clients, trackClients } from './clients.ts';

export interface HttpServer {
  readonly port: number;
  /**
   * Takes no new connections; resolves when every request in hand has its answer. A client that neither
   * finishes its request nor takes its answer is waited for 2.5 s.
   */
  close(): Promise<void>;
}

/** Longer than any client needs for 100 KiB, and short enough for a shutdown. */
const requestTimeoutMs = 10_000;
/** Longer than what proxies keep, so that they never send into a connection that is being closed. */
const keepAliveMs = 65_000;
const clientGraceMs = 2_500;
const sweepEveryMs = 50;

/** @throws when the address cannot be bound (traps O5: express would not say so) */
export async function serve(app: RequestListener, host: string, port: number): Promise<HttpServer> {
  const server = createServer(
    { requestTimeout: requestTimeoutMs, connectionsCheckingInterval: 1_000 },
    app,
  );
  server.keepAliveTimeout = keepAliveMs;
  const clients = trackClients(server);
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) =>
    refuse(code, socket as Socket),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server, clients) };
}

function close(server: Server, clients: Clients): Promise<void> {
  server.prependListener('request', (_request, response) => {
    response.shouldKeepAlive = false;
  });
  const timer = setInterval(() => clients.dropSlow(clientGraceMs), sweepEveryMs);
  return new Promise((resolve) => {
    // Not the close of HTTP, which cuts off answers that are made but not yet on their way.
    NetServer.prototype.close.call(server, () => {
      clearInterval(timer);
      server.close(); // only for its own timer
      resolve();
    });
    clients.dropSlow(clientGraceMs);
  });
}

const statusOf: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};
const body = '{"error":"invalid_request","message":"this is no complete HTTP request"}';

/** What no route ever sees. */
function refuse(code: string | undefined, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const lines = [
    `HTTP/1.1 ${statusOf[code ?? ''] ?? '400 Bad Request'}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}
