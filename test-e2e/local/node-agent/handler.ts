import { spawn } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { sleep } from './clock.ts';
import type { Container, Handler, HttpGet } from './types.ts';

/** The surroundings in which the handlers of one container run. */
export interface HandlerContext {
  readonly podIP: string;
  readonly container: Container;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Thrown by a handler that failed; the message is what a `describe pod` would show. */
export class HandlerError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HandlerError';
  }
}

/**
 * Runs the action of a probe or hook once; resolves when it succeeded.
 * Throws HandlerError when it failed or the signal (its deadline) aborted first.
 */
export async function runHandler(
  handler: Handler,
  context: HandlerContext,
  signal: AbortSignal,
): Promise<void> {
  if (handler.httpGet) return httpGet(handler.httpGet, context, signal);
  if (handler.tcpSocket) return tcpConnect(handler.tcpSocket, context, signal);
  if (handler.exec) return execCommand(handler.exec.command, context, signal);
  if (handler.sleep) return sleep(handler.sleep.seconds * 1000, signal);
  throw new HandlerError('the handler needs one of httpGet, tcpSocket, exec, sleep');
}

/** The number of a port that may be named. Throws HandlerError for an unknown name. */
export function resolvePort(port: number | string, container: Container): number {
  if (typeof port === 'number') return port;
  if (/^\d+$/.test(port)) return Number(port);
  const named = container.ports?.find((each) => each.name === port);
  if (!named) throw new HandlerError(`container ${container.name} has no port named "${port}"`);
  return named.containerPort;
}

/** As the kubelet: any status from 200 to 399 is a success. */
function httpGet(get: HttpGet, context: HandlerContext, signal: AbortSignal): Promise<void> {
  const port = resolvePort(get.port, context.container);
  const secure = get.scheme === 'HTTPS';
  const headers: Record<string, string> = { 'user-agent': 'kube-probe/lagscaler' };
  for (const { name, value } of get.httpHeaders ?? []) headers[name] = value;
  const options = {
    host: get.host ?? context.podIP,
    port,
    path: get.path ?? '/',
    headers,
    signal,
    agent: false as const, // one connection per probe, as the kubelet does
  };
  return new Promise((resolve, reject) => {
    const request = secure
      ? httpsRequest({ ...options, rejectUnauthorized: false })
      : httpRequest(options);
    request.on('response', (response) => {
      response.resume();
      const code = response.statusCode ?? 0;
      if (code >= 200 && code < 400) resolve();
      else reject(new HandlerError(`HTTP probe failed with statuscode: ${code}`));
    });
    request.on('error', (cause) => reject(failed(`GET :${port}${options.path}`, cause, signal)));
    request.end();
  });
}

function tcpConnect(
  target: { readonly port: number | string; readonly host?: string },
  context: HandlerContext,
  signal: AbortSignal,
): Promise<void> {
  const port = resolvePort(target.port, context.container);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.host ?? context.podIP, port, signal });
    socket.on('connect', () => resolve(void socket.destroy()));
    socket.on('error', (cause) => reject(failed(`dial tcp :${port}`, cause, signal)));
  });
}

function execCommand(
  command: readonly string[],
  context: HandlerContext,
  signal: AbortSignal,
): Promise<void> {
  const [file = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: context.cwd,
      env: context.env,
      stdio: 'ignore',
      signal,
      killSignal: 'SIGKILL',
    });
    child.on('error', (cause) => reject(failed(`exec ${file}`, cause, signal)));
    child.on('exit', (code) =>
      code === 0
        ? resolve()
        : reject(new HandlerError(`exec ${file} ended with exit code ${code ?? 'by a signal'}`)),
    );
  });
}

function failed(what: string, cause: Error, signal: AbortSignal): HandlerError {
  const why = signal.aborted ? 'no answer within its timeout' : cause.message;
  return new HandlerError(`${what}: ${why}`, { cause });
}
