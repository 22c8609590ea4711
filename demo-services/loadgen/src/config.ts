import { type Env, EnvReader } from '@lagscaler/demo-shared/env-reader.ts';
import type { Target } from './http-client.ts';
import { defaultNames, type NameMix } from './names.ts';
import { type Load, readLoad } from './read-profile.ts';

export interface Config extends Load {
  readonly target: Target;
  readonly names: NameMix;
  readonly requestTimeoutMs: number;
  readonly maxConnections: number;
  /** Follow the accepted operations to their terminal states. */
  readonly wait: boolean;
  /** After the load is over. */
  readonly waitTimeoutMs: number;
  readonly waitIntervalMs: number;
  /** Of the report on stdout. */
  readonly output: 'text' | 'json';
  /** The report as JSON goes there too. */
  readonly reportFile: string | undefined;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
}

/** @throws ConfigError naming every missing or invalid variable */
export function loadConfig(env: Env): Config {
  const reader = new EnvReader(env);
  const seconds = (name: string, fallback: number, range: { min: number; max: number }) =>
    reader.number(name, fallback, range) * 1_000;
  const config: Config = {
    target: readTarget(reader),
    ...readLoad(reader),
    names: {
      name: reader.text('LOAD_NAME', defaultNames.name),
      deniedName: reader.text('LOAD_DENIED_NAME', defaultNames.deniedName),
      deniedShare: reader.number('LOAD_DENIED_SHARE', defaultNames.deniedShare, { min: 0, max: 1 }),
    },
    requestTimeoutMs: seconds('LOAD_REQUEST_TIMEOUT_SECONDS', 30, { min: 0.001, max: 600 }),
    maxConnections: reader.integer('LOAD_MAX_CONNECTIONS', 2_000, { min: 1, max: 50_000 }),
    wait: reader.oneOf('LOAD_WAIT', 'false', ['true', 'false']) === 'true',
    waitTimeoutMs: seconds('LOAD_WAIT_TIMEOUT_SECONDS', 300, { min: 0, max: 604_800 }),
    waitIntervalMs: reader.integer('LOAD_WAIT_INTERVAL_MS', 250, { min: 10, max: 60_000 }),
    output: reader.oneOf('LOAD_OUTPUT', 'text', ['text', 'json']),
    reportFile: reader.optional('LOAD_REPORT_FILE'),
    logLevel: reader.oneOf('LOG_LEVEL', 'warn', ['error', 'warn', 'info', 'debug']),
  };
  reader.check();
  return config;
}

function readTarget(reader: EnvReader): Target {
  const text = reader.required(
    'LOAD_TARGET_URL',
    'the address of operation-service, such as http://operation-service',
  );
  const problem = text === '' ? undefined : urlProblem(text);
  // Not repeated: it may carry a password.
  if (problem !== undefined) reader.problem(`LOAD_TARGET_URL ${problem}`);
  return { url: text, hostHeader: reader.optional('LOAD_HOST_HEADER') };
}

function urlProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return 'is no URL: it must be http://host:port or https://host:port';
  }
  if (url.username !== '' || url.password !== '') {
    return 'carries credentials: remove them, operation-service asks for none';
  }
  return url.search === '' && url.hash === ''
    ? undefined
    : 'has a query or a fragment: give the address alone';
}
