import { kafkaTool } from './kafka.ts';
import type { StackState } from './state.ts';

const consumerGroupCommand = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';

/** One line of `kafka-consumer-groups --describe`: the oracle for lag. `undefined` where it prints a dash. */
export interface OracleLag {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly committed: bigint | undefined;
  readonly end: bigint | undefined;
  readonly lag: bigint | undefined;
  readonly consumerId: string | undefined;
  readonly host: string | undefined;
  readonly clientId: string | undefined;
}

/**
 * What Kafka's own tool says about groups; takes about 1 s.
 * @throws Error when it says anything but rows, for it ends with exit code 0 all the same
 */
export async function describeGroupLag(
  state: StackState,
  ...groups: readonly string[]
): Promise<OracleLag[]> {
  const named = groups.flatMap((group) => ['--group', group]);
  const printed = await kafkaTool(state, consumerGroupCommand, ['--describe', ...named]);
  if (printed.includes('Error: ')) throw new Error(printed);
  return parseGroupLag(printed);
}

/** Columns after the last one are left alone: `lagscaler lag` prints two more. */
export function parseGroupLag(printed: string): OracleLag[] {
  return printed
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(textOf))
    .filter((columns) => columns.length >= 6 && /^\d+$/.test(columns[2] ?? ''))
    .map(
      ([group = '', topic = '', partition, committed, end, lag, consumerId, host, clientId]) => ({
        group,
        topic,
        partition: Number(partition),
        committed: numberOf(committed),
        end: numberOf(end),
        lag: numberOf(lag),
        consumerId,
        host,
        clientId,
      }),
    );
}

const textOf = (text: string): string | undefined => (text === '-' ? undefined : text);

const numberOf = (text: string | undefined): bigint | undefined =>
  text === undefined ? undefined : BigInt(text);
