import type { Server } from 'node:http';
import express from 'express';
import type { Registry } from 'prom-client';

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  /** Undefined when ready, else why not: shown to whoever asks. */
  readonly notReady: () => string | undefined;
}

/**
 * Serves /metrics, /livez and /readyz.
 * @throws when the address is in use: express hands that to the listen callback (traps O5)
 */
export async function serve(options: ServerOptions): Promise<{ close(): Promise<void> }> {
  const app = express();
  app.disable('x-powered-by');
  app.get('/metrics', async (_request, response) => {
    response.type(options.registry.contentType).send(await options.registry.metrics());
  });
  // The loop that would answer is the loop that works: an answer is the proof.
  app.get(
    '/livez',
    probe(() => undefined),
  );
  app.get('/readyz', probe(options.notReady));
  const server = await new Promise<Server>((resolve, reject) => {
    const listening = app.listen(options.port, options.host, (error?: Error) =>
      error ? reject(error) : resolve(listening),
    );
  });
  return {
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function probe(problem: () => string | undefined) {
  return (_request: express.Request, response: express.Response) => {
    const why = problem();
    response
      .status(why === undefined ? 200 : 503)
      .type('text/plain')
      .send(`${why ?? 'ok'}\n`);
  };
}
