import { type KafkaConfig, Kafka as KafkaJs, logLevel } from 'kafkajs';
import type { KafkaConnection } from './kafka-config.ts';
import { bridgeKafkaLog } from './kafka-log.ts';
import { quietRequestQueue } from './kafka-request-queue.ts';
import type { Logger } from './log.ts';

export type { Kafka } from 'kafkajs';

/** Leaders and new partitions are looked up this often; a frozen leader is left no sooner. */
export const metadataMaxAgeMs = 30_000;

/**
 * A kafkajs client with deadlines (traps K3). It connects to nothing by itself.
 * @param clientId shown by the brokers, and as the prefix of the member id in the group
 */
export function createKafka(connection: KafkaConnection, clientId: string, log: Logger): KafkaJs {
  quietRequestQueue();
  return new KafkaJs({
    clientId,
    brokers: [...connection.bootstrapServers],
    connectionTimeout: 3_000,
    authenticationTimeout: 10_000,
    requestTimeout: 10_000,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 4 },
    logLevel: logLevel.INFO,
    logCreator: bridgeKafkaLog(log),
    ...security(connection),
  });
}

function security({ tls, sasl }: KafkaConnection): Pick<KafkaConfig, 'ssl' | 'sasl'> {
  return {
    ...(tls && { ssl: { ...tls, rejectUnauthorized: true } }),
    ...(sasl && { sasl: saslOptions(sasl) }),
  };
}

function saslOptions(sasl: NonNullable<KafkaConnection['sasl']>): NonNullable<KafkaConfig['sasl']> {
  const { username, password } = sasl;
  switch (sasl.mechanism) {
    case 'PLAIN':
      return { mechanism: 'plain', username, password };
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256', username, password };
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512', username, password };
  }
}
