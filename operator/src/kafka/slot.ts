import { codeName, errorOfCode, isDenied, isLeaderMoved } from './codes.ts';
import { KafkaError } from './kafka-error.ts';
import type { Topic } from './topics.ts';
import { type Address, addressText, type ListedOffset, type TopicPartitions } from './transport.ts';

export interface TopicPartition {
  readonly topic: Topic;
  readonly partition: number;
}

/** One partition on its way to its end and log-start offsets. */
export interface Slot extends TopicPartition {
  end: bigint | undefined;
  logStart: bigint | undefined;
  /** The first trouble; undefined when all went well. */
  error: KafkaError | undefined;
  /**
   * `moved`: the broker says another one leads, or the partition is gone. `silent`: the leader gave no
   * answer, which only another leader can mend.
   */
  retry: 'no' | 'moved' | 'silent';
}

export const emptySlot = ({ topic, partition }: TopicPartition): Slot => ({
  topic,
  partition,
  end: undefined,
  logStart: undefined,
  error: undefined,
  retry: 'no',
});

export function failSlot(slot: Slot, error: KafkaError, retry: Slot['retry']): void {
  slot.error ??= error;
  if (slot.retry === 'no') slot.retry = retry;
}

/** @param now epoch milliseconds at which the offset was read */
export function fillSlot(
  slot: Slot,
  position: 'end' | 'logStart',
  { errorCode, offset }: ListedOffset,
  now: number,
): void {
  const subject = `topic ${slot.topic.name}, partition ${slot.partition}`;
  if (errorCode !== 0) {
    failSlot(slot, codeError(errorCode, subject), isLeaderMoved(errorCode) ? 'moved' : 'no');
  } else if (offset < 0n) {
    failSlot(slot, new KafkaError('LagUnknown', `${subject}: no ${position} offset`), 'no');
  } else if (position === 'end') {
    slot.end = offset;
  } else {
    slot.logStart = offset;
    slot.topic.logStarts.set(slot.partition, { offset, at: now });
  }
}

/** A partition unknown to its leader is first of all one that has moved, not a missing topic. */
function codeError(errorCode: number, subject: string): KafkaError {
  if (isDenied(errorCode) || !isLeaderMoved(errorCode)) return errorOfCode(errorCode, subject);
  const what = `${subject}: ${codeName(errorCode)}: its leader is changing; the next poll asks again`;
  return new KafkaError('LagUnknown', what);
}

export const noLeader = ({ topic, partition }: Slot): KafkaError =>
  new KafkaError(
    'LagUnknown',
    `topic ${topic.name}, partition ${partition}: it has no leader: check the brokers that hold it`,
  );

export const tooLate = (leader: Address): KafkaError =>
  new KafkaError(
    'KafkaUnreachable',
    `${addressText(leader)}: ListOffsets: request: no answer in time: is the broker overloaded or paused?`,
  );

export function partitionsByTopic(partitions: readonly TopicPartition[]): TopicPartitions {
  const byTopic = Map.groupBy(partitions, (p) => p.topic.name);
  return new Map([...byTopic].map(([name, all]) => [name, all.map((p) => p.partition)]));
}
