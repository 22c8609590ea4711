import { type Env, EnvReader } from '@lagscaler/demo-shared/env-reader.ts';
import { type KafkaConnection, readKafkaConnection } from '@lagscaler/demo-shared/kafka-config.ts';
import type { NameMix } from './records.ts';
import type { Profile } from './schedule.ts';

export interface Config {
  readonly kafka: KafkaConnection;
  readonly topic: string;
  readonly profile: Profile;
  readonly durationMs: number;
  readonly names: NameMix;
  readonly verify: boolean;
  readonly verifyTimeoutMs: number;
  readonly responseTopic: string;
  readonly reportFile: string | undefined;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
}

interface Flag {
  readonly env: string;
  readonly value: string;
  readonly help: string;
}

/** Every flag with the environment variable it stands for; the flag wins. */
export const flags: Readonly<Record<string, Flag>> = {
  'bootstrap-servers': {
    env: 'KAFKA_BOOTSTRAP_SERVERS',
    value: 'host:port,…',
    help: 'Kafka to send to (required); SASL and TLS by KAFKA_* as for the services',
  },
  topic: { env: 'LOAD_TOPIC', value: 'name', help: 'default user-approve' },
  profile: { env: 'LOAD_PROFILE', value: 'constant|ramp', help: 'default constant' },
  rate: {
    env: 'LOAD_RATE',
    value: 'records/s',
    help: 'default 25; the ramp begins here',
  },
  'ramp-to': { env: 'LOAD_RAMP_TO', value: 'records/s', help: 'default 100; the ramp ends here' },
  duration: {
    env: 'LOAD_DURATION_SECONDS',
    value: 'seconds',
    help: 'default 60; 0 is until SIGTERM (constant only)',
  },
  name: { env: 'LOAD_NAME', value: 'name', help: 'default hans' },
  'denied-name': { env: 'LOAD_DENIED_NAME', value: 'name', help: 'default mallory' },
  'denied-share': { env: 'LOAD_DENIED_SHARE', value: '0..1', help: 'default 0.1' },
  verify: {
    env: 'LOAD_VERIFY',
    value: 'true|false',
    help: 'default false; read the answers and count approved, rejected, lost, duplicated, wrong',
  },
  'verify-timeout': {
    env: 'LOAD_VERIFY_TIMEOUT_SECONDS',
    value: 'seconds',
    help: 'default 300; how long to wait for the last answer',
  },
  'response-topic': {
    env: 'LOAD_RESPONSE_TOPIC',
    value: 'name',
    help: 'default user-approve-response',
  },
  report: { env: 'LOAD_REPORT_FILE', value: 'path', help: 'write the report there, as JSON' },
  'log-level': { env: 'LOG_LEVEL', value: 'error|warn|info|debug', help: 'default warn' },
};

/** @throws ConfigError naming every missing or invalid variable */
export function loadConfig(env: Env): Config {
  const reader = new EnvReader(env);
  const durationSeconds = reader.number('LOAD_DURATION_SECONDS', 60, { min: 0, max: 604_800 });
  const config: Config = {
    kafka: readKafkaConnection(reader),
    topic: reader.text('LOAD_TOPIC', 'user-approve'),
    profile: readProfile(reader, durationSeconds),
    durationMs: durationSeconds === 0 ? Number.POSITIVE_INFINITY : durationSeconds * 1_000,
    names: {
      name: reader.text('LOAD_NAME', 'hans'),
      deniedName: reader.text('LOAD_DENIED_NAME', 'mallory'),
      deniedShare: reader.number('LOAD_DENIED_SHARE', 0.1, { min: 0, max: 1 }),
    },
    verify: reader.oneOf('LOAD_VERIFY', 'false', ['true', 'false']) === 'true',
    verifyTimeoutMs:
      reader.number('LOAD_VERIFY_TIMEOUT_SECONDS', 300, { min: 0, max: 86_400 }) * 1_000,
    responseTopic: reader.text('LOAD_RESPONSE_TOPIC', 'user-approve-response'),
    reportFile: reader.optional('LOAD_REPORT_FILE'),
    logLevel: reader.oneOf('LOG_LEVEL', 'warn', ['error', 'warn', 'info', 'debug']),
  };
  reader.check();
  return config;
}

const rates = { min: 0.001, max: 100_000 };

function readProfile(reader: EnvReader, durationSeconds: number): Profile {
  const kind = reader.oneOf('LOAD_PROFILE', 'constant', ['constant', 'ramp']);
  const ratePerSecond = reader.number('LOAD_RATE', 25, rates);
  const toPerSecond = reader.number('LOAD_RAMP_TO', 100, rates);
  if (kind === 'constant') return { kind, ratePerSecond };
  if (durationSeconds === 0) {
    reader.problem('LOAD_DURATION_SECONDS is 0: a ramp needs an end, set the seconds it takes');
  }
  return { kind, fromPerSecond: ratePerSecond, toPerSecond };
}
