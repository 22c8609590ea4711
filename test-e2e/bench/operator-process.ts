import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import type { Cluster } from '../cluster.ts';
import { installCrd, operatorNamespace } from '../install.ts';
import { cpuSeconds, rssMiB, shippedNodeOptions } from './proc.ts';
import { parseSeries, type Series } from './prometheus.ts';

const repository = resolve(import.meta.dirname, '../..');

/** The operator as a process of its own, so that its start can be timed and its memory be read. */
export interface OperatorProcess {
  /** Epoch ms just before it was spawned. */
  readonly spawnedAt: number;
  metrics(): Promise<Series[]>;
  /** Resident memory now. */
  rssMiB(): number;
  /** User and system time so far. */
  cpuSeconds(): number;
  /** SIGTERM, as the kubelet would. @throws Error when it does not exit with 0 */
  stop(): Promise<void>;
}

export type StartOperator = () => Promise<OperatorProcess>;

/**
 * The CRD, the ServiceAccount and the roles of deploy/operator, without the Deployment.
 * @param dir where the kubeconfig of that account goes
 * @param logFile of the operator; begun anew
 * @returns how to start the operator: one at a time, with the rights that it has in a cluster
 */
export async function prepareOperator(
  cluster: Cluster,
  dir: string,
  logFile: string,
): Promise<StartOperator> {
  await installCrd(cluster);
  const built = await cluster.kubectl(['kustomize', join(repository, 'deploy/operator')]);
  const access = parseAllDocuments(built).filter((d) => d.get('kind') !== 'Deployment');
  await cluster.kubectl(['apply', '-f', '-'], access.map(String).join('---\n'));
  const kubeconfig = join(dir, 'operator.kubeconfig');
  writeFileSync(kubeconfig, await accountKubeconfig(cluster), { mode: 0o600 });
  writeFileSync(logFile, '');
  return () => startOperator(kubeconfig, logFile);
}

async function accountKubeconfig(cluster: Cluster): Promise<string> {
  const args = ['create', 'token', 'lagscaler', '-n', operatorNamespace, '--duration=12h'];
  const token = (await cluster.kubectl(args)).trim();
  const admin = parse(readFileSync(cluster.kubeconfig, 'utf8'));
  const users = admin.users.map(({ name }: { name: string }) => ({ name, user: { token } }));
  return stringify({ ...admin, users });
}

async function startOperator(kubeconfig: string, logFile: string): Promise<OperatorProcess> {
  const port = await freePort();
  const log = openSync(logFile, 'a');
  const spawnedAt = Date.now();
  const child = spawn(process.execPath, [join(repository, 'operator/src/main.ts')], {
    stdio: ['ignore', log, log],
    env: {
      NODE_ENV: 'production',
      NODE_OPTIONS: process.env['OPERATOR_NODE_OPTIONS'] ?? shippedNodeOptions('deploy/operator'),
      KUBECONFIG: kubeconfig,
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(port),
      POD_NAMESPACE: operatorNamespace,
      POD_NAME: 'bench',
    },
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new Error('the operator could not be started');
  const exited = once(child, 'exit');
  const killed = () => child.kill('SIGKILL');
  process.once('exit', killed);
  return {
    spawnedAt,
    async metrics() {
      const signal = AbortSignal.timeout(5000);
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal });
      return parseSeries(await answer.text());
    },
    rssMiB: () => rssMiB(pid),
    cpuSeconds: () => cpuSeconds(pid),
    async stop() {
      child.kill('SIGTERM');
      const [code, signal] = await exited;
      process.off('exit', killed);
      if (code !== 0) throw new Error(`operator: exit ${code ?? signal}; its log is ${logFile}`);
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
