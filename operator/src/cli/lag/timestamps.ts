import type { LagSource } from '../../controller/ports.ts';
import type { TimestampOf } from './lag.ts';
import type { LagOptions } from './options.ts';

/** For each record a broker reads a whole batch from its disk: `--all` must not become a load test. */
const mostRecords = 500;

/**
 * When records were written. An answer of a broker has room for some of them only: those left over are
 * asked for again, as long as that brings any. Beyond the first 500 of them, or without Read on the
 * topic, it is unknown.
 */
export function recordTimestamps(
  source: Pick<LagSource, 'timestampOf'>,
  owner: string,
  { connection, timeoutMs }: Pick<LagOptions, 'connection' | 'timeoutMs'>,
): TimestampOf {
  let asked = 0;
  let found = 0;
  let late: AbortSignal | undefined;
  return async (topic, partition, offset) => {
    asked += 1;
    if (asked > mostRecords) return undefined;
    late ??= AbortSignal.timeout(timeoutMs);
    const position = { connection, topic, partition, offset };
    for (let before = -1; found > before && !late.aborted; ) {
      before = found;
      const timestamp = await source.timestampOf(owner, position, late);
      found += Number(timestamp !== undefined);
      if (timestamp !== undefined) return timestamp;
    }
    return undefined;
  };
}
