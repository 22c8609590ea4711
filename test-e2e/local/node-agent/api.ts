import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { ClusterAccess } from './kubeconfig.ts';

const requestTimeoutMs = 10_000;

/** A refused or failed API call. `code` is the HTTP status; 0 when the server was not reached. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
  }
}

export type PatchType = 'merge' | 'strategic-merge';

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/**
 * A small API client over kept-alive connections. The official client is not used here: it takes a
 * second and 130 MB to import (traps C16) and a TLS handshake per request (traps C14), and the agent
 * shares two cores with everything that is measured.
 */
export class ApiClient {
  readonly access: ClusterAccess;
  readonly #agent: Agent;
  readonly #watchAgent: Agent;

  constructor(access: ClusterAccess) {
    this.access = access;
    const tls = { ca: access.ca, cert: access.clientCert, key: access.clientKey };
    this.#agent = new Agent({ ...tls, keepAlive: true, maxSockets: 8 });
    this.#watchAgent = new Agent({ ...tls, keepAlive: false });
  }

  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.#json<T>({ method: 'GET', path, ...(signal && { signal }) });
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#json<T>({ method: 'POST', path, body });
  }

  patch<T>(path: string, body: unknown, type: PatchType = 'merge'): Promise<T> {
    const contentType = `application/${type}-patch+json`;
    return this.#json<T>({ method: 'PATCH', path, body, contentType });
  }

  delete<T>(path: string, body?: unknown): Promise<T> {
    return this.#json<T>({ method: 'DELETE', path, body });
  }

  /** The lines of a streamed answer (a watch). No deadline: the caller's signal ends it. */
  async *lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const response = await this.#send({ method: 'GET', path, signal }, this.#watchAgent);
    if ((response.statusCode ?? 0) >= 300) throw toApiError(response, await text(response));
    response.setEncoding('utf8');
    let rest = '';
    // Not node:readline: its iterator neither throws nor ends when the connection breaks.
    for await (const chunk of response) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter(Boolean);
    }
  }

  close(): void {
    this.#agent.destroy();
    this.#watchAgent.destroy();
  }

  async #json<T>(call: Call): Promise<T> {
    const deadline = AbortSignal.timeout(requestTimeoutMs); // traps C15
    const signal = call.signal ? AbortSignal.any([deadline, call.signal]) : deadline;
    const response = await this.#send({ ...call, signal }, this.#agent);
    const body = await text(response);
    if ((response.statusCode ?? 0) >= 300) throw toApiError(response, body);
    return JSON.parse(body) as T;
  }

  #send(call: Call, agent: Agent): Promise<IncomingMessage> {
    const url = new URL(call.path, this.access.server);
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const { token } = this.access;
    const options: RequestOptions = {
      method: call.method,
      headers: {
        accept: 'application/json',
        'user-agent': 'lagscaler-node-agent',
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': call.contentType ?? 'application/json' }),
        ...(body && { 'content-length': Buffer.byteLength(body) }),
      },
      ...(call.signal && { signal: call.signal }),
    };
    return new Promise((resolve, reject) => {
      const fail = (cause: Error) =>
        reject(new ApiError(0, 'Unreachable', `${call.method} ${url.pathname} failed`, { cause }));
      const request =
        url.protocol === 'https:'
          ? httpsRequest(url, { ...options, agent }, resolve)
          : httpRequest(url, options, resolve);
      request.on('error', fail).end(body);
    });
  }
}

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (cause) {
    throw new ApiError(0, 'Unreachable', 'the answer broke off', { cause });
  }
  return Buffer.concat(chunks).toString('utf8');
}

function toApiError(response: IncomingMessage, body: string): ApiError {
  const code = response.statusCode ?? 0;
  const status = parseStatus(body);
  return new ApiError(code, status.reason ?? 'Unknown', status.message ?? `HTTP ${code}`);
}

function parseStatus(body: string): { readonly reason?: string; readonly message?: string } {
  try {
    return JSON.parse(body) as { reason?: string; message?: string };
  } catch {
    return {};
  }
}

/** What went wrong and why, on one line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** True when the API server answered that the object does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.code === 404;
}
