import { type Connection, produceV9, ResponseError } from '@platformatic/kafka';
import { range, recordsIn, topicName } from './layout.ts';

export interface TopicPartition {
  readonly topic: number;
  readonly partition: number;
}

/**
 * Sends each partition its records, in one batch.
 * @returns the partitions that refused, which is to say that they have not got them
 * @throws when nobody can say what was written
 */
export async function produceOnce(
  connection: Connection,
  partitions: readonly TopicPartition[],
  timeoutMs: number,
): Promise<readonly TopicPartition[]> {
  try {
    await produceV9.api.async(connection, -1, timeoutMs, partitions.flatMap(recordsOf));
    return [];
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    const refused = refusedBy(error['response'] as produceV9.ProduceResponse);
    return partitions.filter((p) => refused.has(`${topicName(p.topic)}/${p.partition}`));
  }
}

function recordsOf({ topic, partition }: TopicPartition) {
  return range(0, recordsIn(topic, partition)).map((n) => ({
    topic: topicName(topic),
    partition,
    value: Buffer.from(`${n}`),
  }));
}

function refusedBy({ responses }: produceV9.ProduceResponse): ReadonlySet<string> {
  return new Set(
    responses.flatMap(({ name, partitionResponses }) =>
      partitionResponses.filter((p) => p.errorCode !== 0).map((p) => `${name}/${p.index}`),
    ),
  );
}
