import type { logCreator } from 'kafkajs';
import type { Logger } from './log.ts';

/**
 * kafkajs writes JSON of its own to stdout (traps K9): this sends it through our log, as debug lines.
 * It calls each failed attempt an error, ten a second while Kafka is away, and even the heartbeat that
 * announces a rebalance; what becomes of it is said by lines of our own.
 */
export function bridgeKafkaLog(log: Logger): logCreator {
  return () => (entry) => {
    const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...fields } = entry.log;
    const { namespace, label } = entry;
    log.debug({ kafkajs: { namespace, level: label, ...fields } }, message);
  };
}
