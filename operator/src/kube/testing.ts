import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { Clock } from '../controller/clock.ts';
import { createKubeClient, type FinishedRequest, type KubeClient } from './client.ts';

/** Only for tests: a clock moved by hand, and a local API server that does what a test says. */
export interface FakeClock extends Clock {
  /** Moves both clocks and runs what is due, in order. */
  advance(ms: number): void;
  /** Moves only the wall clock, as an administrator or NTP does. */
  jump(ms: number): void;
  /** Time goes by while the process is frozen: no timer runs. */
  freeze(ms: number): void;
  /** Timers that wait. */
  pending(): number;
}

export function createFakeClock(): FakeClock {
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  let monotonic = 1_000_000;
  let wall = Date.UTC(2026, 0, 1);
  const next = (until: number) =>
    [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
  return {
    now: () => wall,
    monotonic: () => monotonic,
    after(delayMs, run) {
      const timer = { at: monotonic + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const until = monotonic + ms;
      for (let timer = next(until); timer; timer = next(until)) {
        timers.delete(timer);
        wall += Math.max(timer.at - monotonic, 0);
        monotonic = Math.max(timer.at, monotonic);
        timer.run();
      }
      wall += until - monotonic;
      monotonic = until;
    },
    jump(ms) {
      wall += ms;
    },
    freeze(ms) {
      monotonic += ms;
      wall += ms;
    },
    pending: () => timers.size,
  };
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** The parsed body; undefined without one. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever was sent
  readonly body: any;
}

export type Handler = (request: SeenRequest, response: ServerResponse) => void;

export interface TestServer {
  readonly url: string;
  /** All requests so far, in order. */
  readonly requests: readonly SeenRequest[];
  connections(): number;
  /** What answers from now on. */
  handle(handler: Handler): void;
}

/** A plain http server; it ends with the test. */
export async function startServer(handler: Handler): Promise<TestServer> {
  const requests: SeenRequest[] = [];
  let connections = 0;
  let current = handler;
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://server');
    const text = Buffer.concat(chunks).toString();
    const seen = {
      method: incoming.method ?? '',
      path: pathname,
      query: searchParams,
      headers: incoming.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    requests.push(seen);
    current(seen, response);
  });
  server.on('connection', () => {
    connections++;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    handle(next) {
      current = next;
    },
  };
}

export function answer(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** An answer with a Status object, as the API server refuses. */
export function refuse(response: ServerResponse, code: number, reason: string): void {
  answer(response, { kind: 'Status', code, reason, message: `${reason} from the server` }, code);
}

/** Path of a kubeconfig for a server; `user` and `cluster` are added to its entries. */
export function writeKubeconfig(
  server: string,
  extra: { user?: Record<string, unknown>; cluster?: Record<string, unknown> } = {},
): string {
  const path = join(mkdtempSync(join(tmpdir(), 'lagscaler-kube-')), 'kubeconfig');
  const config = {
    clusters: [
      { name: 'c', cluster: { server, 'insecure-skip-tls-verify': true, ...extra.cluster } },
    ],
    users: [{ name: 'u', user: extra.user ?? {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'here' } }],
    'current-context': 'x',
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

export interface TestClientOptions {
  readonly requestTimeoutMs?: number;
  readonly onRequest?: (request: FinishedRequest) => void;
}

export function clientFor(server: { url: string }, options: TestClientOptions = {}): KubeClient {
  const client = createKubeClient({ kubeconfig: writeKubeconfig(server.url), ...options });
  onTestFinished(() => client.close());
  return client;
}

/** A signal that never aborts. */
export const forever = new AbortController().signal;

/** Waits until `assertion` no longer throws or returns true; fails after 5 s. */
export async function eventually(assertion: () => unknown): Promise<void> {
  await vi.waitFor(
    async () => {
      if ((await assertion()) === false) throw new Error(`not yet: ${assertion}`);
    },
    { timeout: 5000, interval: 5 },
  );
}
