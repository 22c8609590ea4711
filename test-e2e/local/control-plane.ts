import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import type { Binaries } from './binaries.ts';
import {
  apiServerArgs,
  controllerManagerArgs,
  etcdArgs,
  kubeconfigPaths,
  schedulerArgs,
} from './control-plane-config.ts';
import { pkiPaths, readPair } from './pki.ts';
import { controlsOf, type ProcessControls } from './process.ts';
import { run } from './run.ts';
import { portsOf, type StackState } from './state.ts';

/** The parts of the control plane, each to be stopped, frozen or killed alone. */
export interface ControlPlane {
  readonly etcd: ProcessControls;
  readonly apiServer: ProcessControls;
  readonly controllerManager: ProcessControls;
  readonly scheduler: ProcessControls;
}

export function controlPlaneOf(state: StackState): ControlPlane {
  const ports = portsOf(state);
  const pki = pkiPaths(join(state.dir, 'pki'));
  const health = (port: number, path: string) => (signal: AbortSignal) =>
    answersOk(state, { port, path }, signal);
  const etcdHealth = { port: ports.etcd, path: '/health', host: '127.0.0.1' };
  return {
    etcd: part(state, 'etcd', {
      args: etcdArgs(state),
      ports: [ports.etcd, ports.etcdPeer],
      isReady: (signal) => answersOkPlain(etcdHealth, signal),
      stopWithinMs: 5000,
    }),
    apiServer: part(state, 'kube-apiserver', {
      args: apiServerArgs(state, pki),
      ports: [ports.apiServer],
      isReady: health(ports.apiServer, '/readyz'),
      stopWithinMs: 20_000, // it lets open requests end, which takes several seconds
    }),
    controllerManager: part(state, 'kube-controller-manager', {
      args: controllerManagerArgs(state, pki),
      ports: [ports.controllerManager],
      isReady: health(ports.controllerManager, '/healthz'),
      stopWithinMs: 10_000,
    }),
    scheduler: part(state, 'kube-scheduler', {
      args: schedulerArgs(state, pki),
      ports: [ports.scheduler],
      isReady: health(ports.scheduler, '/healthz'),
      stopWithinMs: 10_000,
    }),
  };
}

interface Part {
  readonly args: string[];
  readonly ports: number[];
  readonly isReady: (signal: AbortSignal) => Promise<boolean>;
  readonly stopWithinMs: number;
}

function part(state: StackState, name: keyof Binaries, what: Part): ProcessControls {
  return controlsOf({
    ...what,
    name,
    command: state.binaries[name],
    pidFile: join(state.dir, 'run', `${name}.pid`),
    logFile: join(state.dir, 'logs', `${name}.log`),
    readyWithinMs: 60_000,
  });
}

/** Asks a TLS endpoint as admin. The part must hold a certificate of the stack's own authority, so no other can answer for it. */
function answersOk(
  state: StackState,
  where: { port: number; path: string },
  signal: AbortSignal,
): Promise<boolean> {
  const pki = pkiPaths(join(state.dir, 'pki'));
  const ca = readFileSync(pki.ca, 'utf8');
  const options = { ...where, ca, ...readPair(pki.admin), host: '127.0.0.1' };
  return statusIsOk(httpsRequest, { ...options, agent: false, signal, timeout: 2000 });
}

function answersOkPlain(options: RequestOptions, signal: AbortSignal): Promise<boolean> {
  return statusIsOk(httpRequest, { ...options, agent: false, signal, timeout: 2000 });
}

function statusIsOk(
  request: typeof httpRequest | typeof httpsRequest,
  options: RequestOptions,
): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request(options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    sent.once('timeout', () => sent.destroy()); // a frozen part accepts the connection and says nothing
    sent.once('error', () => resolve(false));
    sent.end();
  });
}

/**
 * Runs kubectl as the stack's admin.
 * @param input given on standard input, for `apply -f -`
 * @returns its standard output
 * @throws CommandError when it fails or takes longer than 60 s
 */
export function kubectl(
  state: StackState,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const env = { KUBECONFIG: kubeconfigPaths(state.dir).admin };
  return run(state.binaries.kubectl, args, { env, ...(input === undefined ? {} : { input }) });
}
