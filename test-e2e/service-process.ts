import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type MetricsText, parseMetrics } from './metrics-text.ts';
import { until } from './until.ts';

/** The demo services, each as a process of this machine. */
export type ServiceName = 'operation-service' | 'user-service' | 'user-approval-service';

/** What the services talk to; a `Cluster` is one. */
export interface Backends {
  readonly bootstrapServers: readonly string[];
  /** A MongoDB connection string for one database, as seen from this machine. */
  hostMongoUrl?(database: string): string;
}

export type ServiceEnv = Readonly<Record<string, string>>;

export interface Service {
  readonly name: ServiceName;
  readonly pid: number;
  readonly url: string;
  metrics(): Promise<MetricsText>;
  /** The status of a GET on a path, e.g. `/readyz`. */
  status(path: string): Promise<number>;
  /** SIGTERM. @returns the exit code; null when it had to be killed after a minute */
  stop(): Promise<number | null>;
  /** Returns when it has ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** SIGSTOP or SIGCONT: it does not end. */
  signal(signal: NodeJS.Signals): void;
  /** The exit code; null after a signal. */
  readonly exited: Promise<number | null>;
  /** The lines it has written so far, to either stream. */
  readonly log: readonly string[];
}

const databases: Partial<Record<ServiceName, string>> = {
  'operation-service': 'operation_service',
  'user-service': 'user_service',
};
const services = resolve(import.meta.dirname, '../demo-services');
const graceMs = 60_000;

/**
 * Starts a service and returns when it is ready.
 * @param env on top of the addresses of Kafka and MongoDB; an empty value is as good as none
 * @throws Error with what it logged when it ends before, or is not ready within a minute
 */
export async function startService(
  name: ServiceName,
  backends: Backends,
  env: ServiceEnv = {},
): Promise<Service> {
  const service = await launchService(name, backends, env);
  await untilReady(service);
  return service;
}

/**
 * As `startService`, but returns as soon as it serves its probes, whatever they say.
 * @param onSpawned called at once, so that it can be ended whatever comes
 */
export async function launchService(
  name: ServiceName,
  backends: Backends,
  env: ServiceEnv = {},
  onSpawned: (service: Service) => void = () => {},
): Promise<Service> {
  const child = spawn(process.execPath, [join(services, name, 'src/main.ts')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...addresses(name, backends), ...env },
  });
  const service = watch(name, child);
  onSpawned(service);
  await portOf(service);
  return service;
}

export async function untilReady(service: Service, withinMs = 60_000): Promise<void> {
  await until(`${service.name} is ready`, async () => (await service.status('/readyz')) === 200, {
    withinMs,
    seen: () => service.log.slice(-5),
  });
}

function addresses(name: ServiceName, backends: Backends): ServiceEnv {
  const database = databases[name];
  const mongo = database && backends.hostMongoUrl?.(database);
  return {
    KAFKA_BOOTSTRAP_SERVERS: backends.bootstrapServers.join(','),
    ...(mongo && { MONGODB_CONNECTION_STRING: mongo }),
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    POD_NAME: `${name}-${randomBytes(2).toString('hex')}`,
  };
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

function watch(name: ServiceName, child: Child): Service {
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const log: string[] = [];
  let port: number | undefined;
  const hear = (line: string) => {
    log.push(line);
    port ??= portIn(line);
  };
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', hear);
  const url = () => {
    if (port === undefined) throw new Error(`${name} does not listen yet`);
    return `http://127.0.0.1:${port}`;
  };
  const get = (path: string) => fetch(url() + path, { signal: AbortSignal.timeout(5_000) });
  return {
    name,
    pid: child.pid ?? -1,
    get url() {
      return url();
    },
    metrics: async () => parseMetrics(await (await get('/metrics')).text()),
    async status(path) {
      const { status, body } = await get(path);
      await body?.cancel();
      return status;
    },
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), graceMs);
      return exited.finally(() => clearTimeout(late));
    },
    async kill(signal) {
      child.kill(signal);
      await exited;
    },
    signal: (signal) => void child.kill(signal),
    exited,
    log,
  };
}

async function portOf(service: Service): Promise<void> {
  const gone = service.exited.then((code) => {
    throw new Error(`${service.name} ended with ${code}:\n${service.log.join('\n')}`);
  });
  const listens = until(`${service.name} listens`, () => service.url !== '', {
    everyMs: 20,
    seen: () => service.log.slice(-5),
  });
  await Promise.race([listens, gone]);
}

/** The port in the line `started`; undefined in any other. */
function portIn(line: string): number | undefined {
  try {
    const { msg, port } = JSON.parse(line);
    return msg === 'started' ? port : undefined;
  } catch {
    return undefined;
  }
}
