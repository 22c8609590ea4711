import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiClient } from './api.ts';

/** A real HTTP server in the API server's place, for tests: it sees requests and answers by hand. */
export async function fakeApi(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<{ readonly api: ApiClient; close(): void }> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const none = { ca: undefined, clientCert: undefined, clientKey: undefined, token: undefined };
  const api = new ApiClient({ server: `http://127.0.0.1:${port}`, ...none });
  return {
    api,
    close() {
      api.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
