import { type Env, EnvReader } from '@lagscaler/demo-shared/env-reader.ts';
import { type FaultPoints, readFaults } from '@lagscaler/demo-shared/fault.ts';
import { type KafkaConnection, readKafkaConnection } from '@lagscaler/demo-shared/kafka-config.ts';
import { type MongoConnection, readMongoConnection } from '@lagscaler/demo-shared/mongo.ts';
import { readServiceConfig, type ServiceConfig } from '@lagscaler/demo-shared/service-config.ts';

export interface SagaConfig {
  /** A user pending for longer is rejected; 0: never. */
  readonly timeoutMs: number;
  /** A user pending for longer counts as stuck. */
  readonly stuckMs: number;
}

export interface Config {
  readonly service: ServiceConfig;
  readonly kafka: KafkaConnection;
  readonly mongo: MongoConnection;
  readonly saga: SagaConfig;
  readonly faults: FaultPoints;
}

const yearMs = 365 * 24 * 3_600_000;

/** @throws ConfigError naming every missing or invalid variable */
export function loadConfig(env: Env): Config {
  const reader = new EnvReader(env);
  const config: Config = {
    service: readServiceConfig(reader),
    kafka: readKafkaConnection(reader),
    mongo: readMongoConnection(reader, 'user_service'),
    saga: {
      timeoutMs: reader.integer('SAGA_TIMEOUT_MS', 3_600_000, { min: 0, max: yearMs }),
      stuckMs: reader.integer('SAGA_STUCK_MS', 300_000, { min: 1, max: yearMs }),
    },
    faults: readFaults(reader, ['user-stored', 'user-decided']),
  };
  reader.check();
  return config;
}
