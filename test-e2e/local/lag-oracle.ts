import { kafkaTool } from './kafka.ts';
import type { StackState } from './state.ts';

const consumerGroupCommand = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';

/** One line of `kafka-consumer-groups --describe`: the oracle for lag. `undefined` where it prints a dash. */
export interface OracleLag {
  readonly topic: string;
  readonly partition: number;
  readonly committed: bigint | undefined;
  readonly end: bigint | undefined;
  readonly lag: bigint | undefined;
}

/** What Kafka's own tool says about a group; takes about 1 s. */
export async function describeGroupLag(state: StackState, group: string): Promise<OracleLag[]> {
  const printed = await kafkaTool(state, consumerGroupCommand, ['--describe', '--group', group]);
  return parseGroupLag(printed);
}

export function parseGroupLag(printed: string): OracleLag[] {
  const number = (text: string | undefined) =>
    text === undefined || text === '-' ? undefined : BigInt(text);
  return printed
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns.length >= 6 && /^\d+$/.test(columns[2] ?? ''))
    .map(([, topic = '', partition, committed, end, lag]) => ({
      topic,
      partition: Number(partition),
      committed: number(committed),
      end: number(end),
      lag: number(lag),
    }));
}
