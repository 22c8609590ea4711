import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface HttpServer {
  readonly port: number;
  /** Takes no new connections; resolves when every request in hand has its answer. */
  close(): Promise<void>;
}

/** Longer than any client needs for 100 KiB, and short enough for a shutdown. */
const requestTimeoutMs = 10_000;
/** Longer than what proxies keep, so that they never send into a connection that is being closed. */
const keepAliveMs = 65_000;
const closeIdleEveryMs = 50;

/** @throws when the address cannot be bound (traps O5: express would not say so) */
export async function serve(app: RequestListener, host: string, port: number): Promise<HttpServer> {
  const server = createServer(
    { requestTimeout: requestTimeoutMs, connectionsCheckingInterval: 1_000 },
    app,
  );
  server.keepAliveTimeout = keepAliveMs;
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
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  server.prependListener('request', (_request, response) => {
    response.shouldKeepAlive = false;
  });
  // A connection that was busy until now becomes idle, and would stay open for its next request.
  const timer = setInterval(() => server.closeIdleConnections(), closeIdleEveryMs);
  return new Promise((resolve) => {
    server.close(() => {
      clearInterval(timer);
      resolve();
    });
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
