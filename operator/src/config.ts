import { isAbsolute } from 'node:path';
import type { OperatorIdentity } from './controller/ports.ts';

/** The operator's configuration: environment variables only, checked all at once at start. */
export interface Config {
  readonly logLevel: LogLevel;
  readonly http: { readonly host: string; readonly port: number };
  readonly namespaces: readonly string[];
  readonly pod: { readonly namespace: string; readonly name: string };
  readonly leaderElection: { readonly enabled: boolean; readonly leaseName: string };
  readonly kubeconfig: string | undefined;
  readonly kubeRequestTimeoutMs: number;
  readonly kafkaReadTimeoutMs: number;
  readonly identity: OperatorIdentity;
  readonly maxConcurrentReconciles: number;
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const;
type LogLevel = (typeof logLevels)[number];

/** Exit code 1, with every problem in the message, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const namespace = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const namespaceOrAll = /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?|\*)$/;

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables of the table in docs/configuration.md.
 * @throws ConfigError naming every variable at fault and what to write instead
 */
export function loadConfig(env: Env): Config {
  const problems: string[] = [];
  const read = reader(env, problems);
  const config: Config = {
    logLevel: read.oneOf('LOG_LEVEL', logLevels, 'info'),
    http: {
      host: read.text('HTTP_HOST', '0.0.0.0'),
      port: read.integer('HTTP_PORT', 8080, 1, 65_535),
    },
    namespaces: read.list('WATCH_NAMESPACES', namespace),
    pod: {
      namespace: read.text('POD_NAMESPACE', 'default'),
      name: read.text('POD_NAME', env['HOSTNAME'] || 'lagscaler'),
    },
    leaderElection: {
      enabled: read.oneOf('LEADER_ELECTION', ['true', 'false'], 'true') === 'true',
      leaseName: read.text('LEASE_NAME', 'lagscaler'),
    },
    kubeconfig: env['KUBECONFIG'] || undefined,
    kubeRequestTimeoutMs: read.integer('KUBE_REQUEST_TIMEOUT_MS', 10_000, 100, 60_000),
    kafkaReadTimeoutMs: read.integer('KAFKA_READ_TIMEOUT_MS', 3000, 100, 60_000),
    identity: {
      tokenDirectory: read.path('KAFKA_TOKEN_DIRECTORY'),
      awsNamespaces: read.list('KAFKA_AWS_NAMESPACES', namespaceOrAll),
    },
    maxConcurrentReconciles: read.integer('MAX_CONCURRENT_RECONCILES', 2000, 1, 100_000),
  };
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return config;
}

function reader(env: Env, problems: string[]) {
  return {
    text: (name: string, fallback: string) => env[name] || fallback,
    integer(name: string, fallback: number, min: number, max: number): number {
      const text = env[name];
      if (!text) return fallback;
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      if (value >= min && value <= max) return value;
      problems.push(`${name}: set a whole number from ${min} to ${max}, not "${text}"`);
      return fallback;
    },
    oneOf<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
      const text = env[name];
      if (!text) return fallback;
      const found = allowed.find((value) => value === text);
      if (!found) problems.push(`${name}: set one of ${allowed.join(', ')}, not "${text}"`);
      return found ?? fallback;
    },
    path(name: string): string | undefined {
      const text = env[name] || undefined;
      if (text === undefined || isAbsolute(text)) return text;
      problems.push(`${name}: set an absolute path, not "${text}"`);
      return undefined;
    },
    list(name: string, item: RegExp): readonly string[] {
      const items = (env[name] ?? '').split(',').map((text) => text.trim());
      const values = [...new Set(items.filter((text) => text !== ''))];
      for (const value of values)
        if (!item.test(value))
          problems.push(`${name}: "${value}" is not a namespace; separate names by commas`);
      return values;
    },
  };
}
