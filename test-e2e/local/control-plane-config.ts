import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { stackName } from './paths.ts';
import { type CertificateFiles, ensurePki, type Pki } from './pki.ts';
import { portsOf, type StackState } from './state.ts';

/** Paths of the kubeconfig files; `admin` is the one for people. */
export function kubeconfigPaths(dir: string) {
  return {
    admin: join(dir, 'kubeconfig'),
    controllerManager: join(dir, 'pki', 'kube-controller-manager.kubeconfig'),
    scheduler: join(dir, 'pki', 'kube-scheduler.kubeconfig'),
  };
}

/** Makes certificates (the first time) and kubeconfig files. */
export function prepareControlPlane(state: StackState): void {
  const pki = ensurePki(join(state.dir, 'pki'));
  const paths = kubeconfigPaths(state.dir);
  writeKubeconfig(paths.admin, state, pki, pki.admin);
  writeKubeconfig(paths.controllerManager, state, pki, pki.controllerManager);
  writeKubeconfig(paths.scheduler, state, pki, pki.scheduler);
  mkdirSync(join(state.dir, 'etcd'), { recursive: true, mode: 0o700 });
}

function writeKubeconfig(
  path: string,
  state: StackState,
  pki: Pki,
  client: CertificateFiles,
): void {
  const name = `lagscaler-${stackName(state.dir)}`;
  const base64 = (file: string) => readFileSync(file).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [
      {
        name,
        cluster: { server: apiServerUrl(state), 'certificate-authority-data': base64(pki.ca) },
      },
    ],
    users: [
      {
        name,
        user: {
          'client-certificate-data': base64(client.cert),
          'client-key-data': base64(client.key),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  writeFileSync(path, stringify(config), { mode: 0o600 });
}

function apiServerUrl(state: StackState): string {
  return `https://127.0.0.1:${portsOf(state).apiServer}`;
}

export function etcdArgs(state: StackState): string[] {
  const { etcd, etcdPeer } = portsOf(state);
  const client = `http://127.0.0.1:${etcd}`;
  const peer = `http://127.0.0.1:${etcdPeer}`;
  return flags({
    name: 'default',
    'data-dir': join(state.dir, 'etcd'),
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `default=${peer}`,
    // The data is thrown away with the stack, and survives kill -9 all the same: only a crash of the machine could lose it.
    'unsafe-no-fsync': true,
    'log-level': 'warn',
  });
}

export function apiServerArgs(state: StackState, pki: Pki): string[] {
  const { etcd, apiServer, nodePorts } = portsOf(state);
  return flags({
    'etcd-servers': `http://127.0.0.1:${etcd}`,
    'bind-address': '127.0.0.1',
    'advertise-address': '127.0.0.1',
    'secure-port': apiServer,
    ...serving(pki.apiServer),
    'client-ca-file': pki.ca,
    'authorization-mode': 'RBAC',
    'service-cluster-ip-range': '10.96.0.0/16',
    'service-node-port-range': `${nodePorts.first}-${nodePorts.last}`,
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': pki.serviceAccountPublicKey,
    'service-account-signing-key-file': pki.serviceAccountKey,
    // The `kubernetes` Service may not point at a loopback address, and without kube-proxy nobody would follow it.
    'endpoint-reconciler-type': 'none',
    'allow-privileged': true,
    // At SIGTERM it ends its watches; without this it waits 60 s for clients that never close theirs.
    'shutdown-watch-termination-grace-period': '1s',
    profiling: false,
  });
}

export function controllerManagerArgs(state: StackState, pki: Pki): string[] {
  return flags({
    kubeconfig: kubeconfigPaths(state.dir).controllerManager,
    ...alone(portsOf(state).controllerManager, pki.controllerManager),
    // Without its own service accounts and their key it is denied its work.
    'use-service-account-credentials': true,
    'service-account-private-key-file': pki.serviceAccountKey,
    'root-ca-file': pki.ca,
    // A jump by 280 pods must measure lagscaler, not the default limit of 20 requests a second.
    'kube-api-qps': 200,
    'kube-api-burst': 400,
  });
}

export function schedulerArgs(state: StackState, pki: Pki): string[] {
  return flags({
    kubeconfig: kubeconfigPaths(state.dir).scheduler,
    ...alone(portsOf(state).scheduler, pki.scheduler),
    'kube-api-qps': 200,
    'kube-api-burst': 400,
  });
}

/** One replica on loopback: with leader election it would end itself whenever the API server is away. */
function alone(port: number, files: CertificateFiles) {
  return {
    'bind-address': '127.0.0.1',
    'secure-port': port,
    ...serving(files),
    'leader-elect': false,
    profiling: false,
  };
}

function serving({ cert, key }: CertificateFiles) {
  return { 'tls-cert-file': cert, 'tls-private-key-file': key };
}

function flags(values: Readonly<Record<string, string | number | boolean>>): string[] {
  return Object.entries(values).map(([key, value]) => `--${key}=${value}`);
}
