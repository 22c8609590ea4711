import { codeName, errorOfCode, isDenied, isLeaderMoved } from './codes.ts';
import { KafkaError } from './kafka-error.ts';
import { groupByLeader, type Topic } from './topics.ts';
import type { ListedOffset, TopicPartitions } from './transport.ts';

/** Why a partition has no end offset. */
export interface Trouble {
  readonly error: KafkaError;
  /**
   * `moved`: the broker says another one leads, or the partition is gone. `silent`: the leader gave no
   * answer, which only another leader can mend.
   */
  readonly retry: 'no' | 'moved' | 'silent';
}

/** End offsets of one topic at one isolation level, filled in as the answers come. */
export class TopicEnds {
  readonly topic: Topic;
  /** Another view of the topic, of another metadata answer, that was wanted before; and so on. */
  readonly twin: TopicEnds | undefined;
  /** By partition; undefined while there is no answer. */
  readonly ends: (bigint | undefined)[];
  #troubles: Map<number, Trouble> | undefined;
  /** Undefined: all of them. */
  #wanted: Set<number> | undefined = new Set();

  constructor(topic: Topic, twin?: TopicEnds) {
    this.topic = topic;
    this.twin = twin;
    this.ends = new Array(topic.leaders.length);
  }

  want(partitions: readonly number[]): void {
    if (partitions === this.topic.partitions) this.#wanted = undefined;
    else for (const partition of partitions) this.#wanted?.add(partition);
  }

  /** By node id: what its leaders are asked for. */
  get wanted(): ReadonlyMap<number, TopicPartitions> {
    return this.#wanted ? groupByLeader(this.topic, this.#wanted) : this.topic.byLeader;
  }

  troubleOf(partition: number): Trouble | undefined {
    return this.#troubles?.get(partition);
  }

  fill(listed: readonly ListedOffset[]): void {
    for (const answer of listed) {
      const { partitionIndex, errorCode, offset } = answer;
      if (errorCode !== 0 || offset < 0n) this.#refuse(answer);
      else if (offset < (this.topic.logStarts.get(partitionIndex) ?? 0n))
        this.#doubt(partitionIndex);
      else this.ends[partitionIndex] = offset;
    }
  }

  /** An end before the first record is that of another topic of the same name. */
  #doubt(partition: number): void {
    const what = `topic ${this.topic.name}, partition ${partition}: its end lies before its first record: the topic was created anew; the next poll asks again`;
    this.fail(partition, { error: new KafkaError('LagUnknown', what), retry: 'moved' });
  }

  #refuse({ partitionIndex, errorCode }: ListedOffset): void {
    const subject = `topic ${this.topic.name}, partition ${partitionIndex}`;
    const retry = isLeaderMoved(errorCode) ? 'moved' : 'no';
    const error =
      errorCode === 0
        ? new KafkaError('LagUnknown', `${subject}: the broker knows no end offset`)
        : codeError(errorCode, subject);
    this.fail(partitionIndex, { error, retry });
  }

  fail(partition: number, trouble: Trouble): void {
    this.#troubles ??= new Map();
    this.#troubles.set(partition, trouble);
  }

  failWithoutLeader(partition: number): void {
    const what = `topic ${this.topic.name}, partition ${partition}: it has no leader: check the brokers that hold it`;
    // A leader that is no longer among the brokers is gone: by now there may be another one.
    const isGone = (this.topic.leaders[partition] ?? -1) >= 0;
    const retry = isGone ? 'moved' : 'no';
    this.fail(partition, { error: new KafkaError('LagUnknown', what), retry });
  }
}

/** A partition unknown to its leader is first of all one that has moved, not a missing topic. */
function codeError(errorCode: number, subject: string): KafkaError {
  if (isDenied(errorCode) || !isLeaderMoved(errorCode)) return errorOfCode(errorCode, subject);
  const what = `${subject}: ${codeName(errorCode)}: its leader is changing; the next poll asks again`;
  return new KafkaError('LagUnknown', what);
}
