import { type Env, EnvReader } from '@lagscaler/demo-shared/env-reader.ts';
import { type FaultPoints, readFaults } from '@lagscaler/demo-shared/fault.ts';
import { type KafkaConnection, readKafkaConnection } from '@lagscaler/demo-shared/kafka-config.ts';
import { type MongoConnection, readMongoConnection } from '@lagscaler/demo-shared/mongo.ts';
import { readServiceConfig, type ServiceConfig } from '@lagscaler/demo-shared/service-config.ts';
import { operationInserting, operationStored } from './http/operations.ts';
import { operationUpdated } from './responses.ts';

export interface Config {
  readonly service: ServiceConfig;
  readonly kafka: KafkaConnection;
  readonly mongo: MongoConnection;
  readonly faults: FaultPoints;
}

/** @throws ConfigError naming every missing or invalid variable */
export function loadConfig(env: Env): Config {
  const reader = new EnvReader(env);
  const config: Config = {
    service: readServiceConfig(reader),
    kafka: readKafkaConnection(reader),
    mongo: readMongoConnection(reader, 'operation_service'),
    faults: readFaults(reader, [operationInserting, operationStored, operationUpdated]),
  };
  reader.check();
  return config;
}
