import type { EnvReader } from './env-reader.ts';

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** What every service has, whatever it does. */
export interface ServiceConfig {
  readonly httpHost: string;
  /** 0: any free port. */
  readonly httpPort: number;
  readonly shutdownTimeoutMs: number;
  readonly logLevel: (typeof logLevels)[number];
  /** Tells the log lines of many pods apart; empty when unknown. */
  readonly podName: string;
}

export function readServiceConfig(env: EnvReader): ServiceConfig {
  return {
    httpHost: env.text('HTTP_HOST', '0.0.0.0'),
    httpPort: env.integer('HTTP_PORT', 5000, { min: 0, max: 65_535 }),
    shutdownTimeoutMs: env.integer('SHUTDOWN_TIMEOUT_MS', 25_000, { min: 100, max: 3_600_000 }),
    logLevel: env.oneOf('LOG_LEVEL', 'info', logLevels),
    podName: env.text('POD_NAME', env.text('HOSTNAME', '')),
  };
}
