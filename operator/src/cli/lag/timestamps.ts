import type { KafkaConnection, Key, LagSource } from '../../controller/ports.ts';
import type { TimestampOf } from './lag.ts';

/**
 * When records were written. An answer of a broker has room for some of them only: those left over are
 * asked for again, as long as that brings any.
 */
export function recordTimestamps(
  source: LagSource,
  owner: Key,
  connection: KafkaConnection,
): TimestampOf {
  const never = new AbortController().signal;
  let found = 0;
  return async (topic, partition, offset) => {
    for (;;) {
      const before = found;
      const position = { connection, topic, partition, offset };
      const timestamp = await source.timestampOf(owner, position, never);
      if (timestamp !== undefined) found += 1;
      if (timestamp !== undefined || found === before) return timestamp;
    }
  };
}
