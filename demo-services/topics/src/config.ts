import { readFileSync } from 'node:fs';
import { type Env, EnvReader } from '@lagscaler/demo-shared/env-reader.ts';
import { type KafkaConnection, readKafkaConnection } from '@lagscaler/demo-shared/kafka-config.ts';
import { logLevels } from '@lagscaler/demo-shared/service-config.ts';
import { type DeclaredTopic, readDeclaration, TopicsError } from './declaration.ts';

export interface Config {
  readonly kafka: KafkaConnection;
  readonly declared: readonly DeclaredTopic[];
  /** How long to retry while Kafka is not reachable. */
  readonly timeoutMs: number;
  readonly logLevel: (typeof logLevels)[number];
}

/** @throws ConfigError naming every missing or invalid variable and field of the declaration */
export function loadConfig(env: Env): Config {
  const reader = new EnvReader(env);
  const config: Config = {
    kafka: readKafkaConnection(reader),
    declared: readTopicsFile(reader),
    timeoutMs: reader.integer('TOPICS_TIMEOUT_MS', 120_000, { min: 1_000, max: 3_600_000 }),
    logLevel: reader.oneOf('LOG_LEVEL', 'info', logLevels),
  };
  reader.check();
  return config;
}

function readTopicsFile(reader: EnvReader): readonly DeclaredTopic[] {
  const path = reader.required('TOPICS_FILE', 'the YAML file that declares the topics');
  if (path === '') return [];
  try {
    return readDeclaration(readFileSync(path, 'utf8'));
  } catch (error) {
    for (const problem of problemsOf(error)) reader.problem(`TOPICS_FILE ${path}: ${problem}`);
    return [];
  }
}

function problemsOf(error: unknown): readonly string[] {
  if (error instanceof TopicsError) return error.problems;
  const code = error instanceof Error && 'code' in error ? error.code : error;
  return [`cannot be read: ${String(code)}`];
}
