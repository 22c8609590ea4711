import { readFileSync } from 'node:fs';
import type { EnvReader } from './env-reader.ts';

const securityProtocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;
const saslMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

export interface KafkaConnection {
  readonly bootstrapServers: readonly string[];
  /** Undefined: no TLS. Certificate verification is always on. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
  readonly sasl:
    | {
        readonly mechanism: (typeof saslMechanisms)[number];
        readonly username: string;
        readonly password: string;
      }
    | undefined;
}

const hostAndPort = /^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):(\d{1,5})$/;

/** The variables KAFKA_*; problems are noted in the reader, which throws them in `check()`. */
export function readKafkaConnection(env: EnvReader): KafkaConnection {
  const bootstrapServers = readBootstrapServers(env);
  const username = env.secret('KAFKA_SASL_USERNAME');
  const protocol = env.oneOf(
    'KAFKA_SECURITY_PROTOCOL',
    username === undefined ? 'PLAINTEXT' : 'SASL_SSL',
    securityProtocols,
  );
  const tls = readTls(env);
  return {
    bootstrapServers,
    tls: protocol.endsWith('SSL') ? tls : undefined,
    sasl: readSasl(env, protocol.startsWith('SASL_'), username),
  };
}

function readBootstrapServers(env: EnvReader): readonly string[] {
  const name = 'KAFKA_BOOTSTRAP_SERVERS';
  env.required(name, 'the brokers to start from, as host:port,host:port');
  const servers = env.list(name, '');
  for (const server of servers) {
    const port = Number(hostAndPort.exec(server)?.[2] ?? 0);
    if (port < 1 || port > 65_535) env.problem(`${name} has "${server}": write it as host:port`);
  }
  return servers;
}

function readSasl(
  env: EnvReader,
  wanted: boolean,
  username: string | undefined,
): KafkaConnection['sasl'] {
  const password = env.secret('KAFKA_SASL_PASSWORD');
  const mechanism = env.oneOf('KAFKA_SASL_MECHANISM', 'PLAIN', saslMechanisms);
  if (!wanted) {
    if (username !== undefined) {
      env.problem(
        'KAFKA_SASL_USERNAME would not be used: set KAFKA_SECURITY_PROTOCOL to SASL_SSL or SASL_PLAINTEXT',
      );
    }
    return undefined;
  }
  if (username === undefined) env.problem('KAFKA_SASL_USERNAME is missing: SASL needs it');
  if (password === undefined) env.problem('KAFKA_SASL_PASSWORD is missing: SASL needs it');
  return { mechanism, username: username ?? '', password: password ?? '' };
}

function readTls(env: EnvReader): NonNullable<KafkaConnection['tls']> {
  const ca = readFile(env, 'KAFKA_SSL_CA_FILE');
  const cert = readFile(env, 'KAFKA_SSL_CERT_FILE');
  const key = readFile(env, 'KAFKA_SSL_KEY_FILE');
  if ((cert === undefined) !== (key === undefined)) {
    env.problem('KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE belong together: set both or neither');
  }
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}

function readFile(env: EnvReader, name: string): string | undefined {
  const path = env.optional(name);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    env.problem(`${name} names "${path}", which cannot be read: ${String(code)}`);
    return '';
  }
}
