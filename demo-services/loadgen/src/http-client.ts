import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';

/** Where the requests go. */
export interface Target {
  /** `http://host:port` or `https://…`, with a path prefix if need be. */
  readonly url: string;
  /** Sent instead of the host of the URL, for a gateway that routes by it. */
  readonly hostHeader?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

export interface HttpClient {
  /** @throws Error with a `code`: of the network (ECONNREFUSED, …), `timeout`, or `aborted` by `close` */
  post(path: string, body: string): Promise<HttpAnswer>;
  get(path: string): Promise<HttpAnswer>;
  /** Requests under way, and later ones, fail. */
  close(): void;
}

export interface HttpClientOptions {
  readonly target: Target;
  readonly maxConnections: number;
  /** From sending the request to the last byte of the answer. */
  readonly requestTimeoutMs: number;
}

class RequestError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RequestError';
    this.code = code;
  }
}

/**
 * Plain node:http with connections that are kept: half of the processor time of fetch (0.26 ms against
 * 0.55 ms per POST at 500/s).
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { target, maxConnections, requestTimeoutMs } = options;
  const url = new URL(target.url);
  const { request, Agent } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({
    keepAlive: true,
    maxSockets: maxConnections,
    maxFreeSockets: maxConnections,
  });
  const host = target.hostHeader === undefined ? {} : { host: target.hostHeader };
  const common = {
    agent,
    // A URL writes an IPv6 address in brackets, a socket does not.
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
  };
  const prefix = url.pathname.replace(/\/+$/, '');
  let closed = false;

  const send = async (method: string, path: string, body?: string): Promise<HttpAnswer> => {
    if (closed) throw new RequestError('aborted', 'the client was closed');
    const headers = body === undefined ? host : { ...host, ...contentHeaders(body) };
    const outgoing = request({ ...common, method, path: `${prefix}${path}`, headers });
    try {
      return await exchange(outgoing, body, requestTimeoutMs);
    } catch (cause) {
      throw closed ? new RequestError('aborted', 'the client was closed', { cause }) : cause;
    }
  };

  return {
    post: (path, body) => send('POST', path, body),
    get: (path) => send('GET', path),
    close() {
      closed = true;
      agent.destroy();
    },
  };
}

function contentHeaders(body: string) {
  return { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
}

function exchange(
  outgoing: ClientRequest,
  body: string | undefined,
  timeoutMs: number,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    // Not an AbortSignal per request: timers of one length share a list and cost next to nothing.
    const timer = setTimeout(
      () => outgoing.destroy(new RequestError('timeout', `no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    outgoing.on('error', fail);
    outgoing.on('response', (incoming) => {
      incoming.on('error', fail);
      readText(incoming, (text) => {
        clearTimeout(timer);
        resolve({ status: incoming.statusCode ?? 0, body: text });
      });
    });
    outgoing.end(body);
  });
}

function readText(incoming: IncomingMessage, done: (text: string) => void): void {
  let text = '';
  incoming.setEncoding('utf8');
  incoming.on('data', (part: string) => {
    text += part;
  });
  incoming.on('end', () => done(text));
}

/** Why a request failed, in a word that can be counted. */
export function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown';
}
