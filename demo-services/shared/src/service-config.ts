import type { EnvReader } from './env-reader.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** What every service has, whatever it does. */
export interface ServiceConfig {
  readonly httpHost: string;
  /** 0: any free port. */
  readonly httpPort: number;
  readonly shutdownTimeoutMs: number;
  readonly logLevel: (typeof logLevels)[number];
  /** Tells the log lines of many pods apart; empty when unknown. */
  readonly podName: string;
  /** Where spans go, such as `http://collector:4318`; undefined: nowhere. */
  readonly otlpEndpoint: string | undefined;
}

export function readServiceConfig(env: EnvReader): ServiceConfig {
  return {
    httpHost: env.text('HTTP_HOST', '0.0.0.0'),
    httpPort: env.integer('HTTP_PORT', 5000, { min: 0, max: 65_535 }),
    shutdownTimeoutMs: env.integer('SHUTDOWN_TIMEOUT_MS', 25_000, { min: 100, max: 3_600_000 }),
    logLevel: env.oneOf('LOG_LEVEL', 'info', logLevels),
    podName: env.text('POD_NAME', env.text('HOSTNAME', '')),
    otlpEndpoint: readOtlpEndpoint(env),
  };
}

function readOtlpEndpoint(env: EnvReader): string | undefined {
  const name = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const url = env.optional(name);
  if (url === undefined || /^https?:$/.test(URL.parse(url)?.protocol ?? '')) return url;
  // Not repeated: an address may hold a password.
  env.problem(`${name} is no http or https URL: write it as http://collector:4318`);
  return undefined;
}
