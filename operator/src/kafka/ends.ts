import type { Clock } from '../controller/clock.ts';
import type { Cluster } from './cluster.ts';
import type { Deadline } from './deadline.ts';
import { toKafkaError } from './kafka-error.ts';
import type { OffsetsLister } from './offsets-lister.ts';
import {
  emptySlot,
  failSlot,
  fillSlot,
  noLeader,
  partitionsByTopic,
  type Slot,
  type TopicPartition,
  tooLate,
} from './slot.ts';
import type { Topic, Topics } from './topics.ts';
import type { Address, IsolationLevel } from './transport.ts';

/** A first readable offset only grows; reading it again within this time would not change a decision. */
const logStartMaxAgeMs = 4_000;
/** Below this a retry could not finish in time. */
const worthARetryMs = 100;

export interface PartitionEnd {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly end: bigint | undefined;
  readonly logStart: bigint | undefined;
}

export interface EndsQuery {
  readonly partitions: readonly TopicPartition[];
  readonly isolationLevel: IsolationLevel;
}

interface Part {
  readonly leader: Address;
  readonly slots: readonly Slot[];
  readonly position: 'end' | 'logStart';
  readonly isolationLevel: IsolationLevel;
}

/** End and log-start offsets. What cannot be read is undefined, each partition for itself. */
export class Ends {
  readonly #topics: Topics;
  readonly #cluster: Cluster;
  readonly #lister: OffsetsLister;
  readonly #clock: Clock;

  constructor(parts: { topics: Topics; cluster: Cluster; lister: OffsetsLister; clock: Clock }) {
    this.#topics = parts.topics;
    this.#cluster = parts.cluster;
    this.#lister = parts.lister;
    this.#clock = parts.clock;
  }

  /**
   * @param queued called once the first requests are waiting to be sent
   * @throws KafkaError when no partition at all has an answer, or one is denied or gone
   */
  async of(
    { partitions, isolationLevel }: EndsQuery,
    deadline: Deadline,
    queued: () => void,
  ): Promise<readonly PartitionEnd[]> {
    const slots = partitions.map(emptySlot);
    const listing = this.#list(slots, isolationLevel, deadline);
    queued();
    await listing;
    const retried = await this.#retry(slots, isolationLevel, deadline);
    const result = slots.map((slot) => retried.get(slot) ?? slot);
    const hopeless = result.every((slot) => slot.end === undefined);
    const fatal = result.find((s) => s.error && (hopeless || isDenial(s.error.reason)));
    if (fatal?.error) throw fatal.error;
    return result.map(({ topic, partition, end, logStart }) => ({
      topic: topic.name,
      topicId: topic.topicId,
      partition,
      end,
      logStart,
    }));
  }

  async #list(
    slots: readonly Slot[],
    isolationLevel: IsolationLevel,
    deadline: Deadline,
  ): Promise<void> {
    const parts: Part[] = [];
    for (const [nodeId, led] of Map.groupBy(slots, leaderOf)) {
      const leader = nodeId === undefined ? undefined : this.#cluster.brokerOf(nodeId);
      if (leader) {
        const stale = led.filter((slot) => !this.#takeKnownLogStart(slot));
        parts.push({ leader, slots: led, position: 'end', isolationLevel });
        parts.push({ leader, slots: stale, position: 'logStart', isolationLevel });
      } else for (const slot of led) failSlot(slot, noLeader(slot), 'no');
    }
    const needed = parts.filter((part) => part.slots.length > 0);
    await Promise.all(needed.map((part) => this.#ask(part, deadline)));
  }

  async #ask({ slots, ...query }: Part, deadline: Deadline): Promise<void> {
    try {
      const topics = partitionsByTopic(slots);
      const listed = await deadline.part(this.#lister.list({ ...query, topics }));
      const now = this.#clock.now();
      for (const slot of slots) {
        const found = listed?.get(slot.topic.name)?.get(slot.partition);
        if (found) fillSlot(slot, query.position, found, now);
        else failSlot(slot, tooLate(query.leader), 'no');
      }
    } catch (error) {
      const cause = toKafkaError(error);
      deadline.note(cause);
      for (const slot of slots) failSlot(slot, cause, 'silent');
    }
  }

  #takeKnownLogStart(slot: Slot): boolean {
    const known = slot.topic.logStarts.get(slot.partition);
    if (!known || this.#clock.now() - known.at >= logStartMaxAgeMs) return false;
    slot.logStart = known.offset;
    return true;
  }

  /** Leaders move in normal operation: new metadata, then the same question once more. */
  async #retry(
    slots: readonly Slot[],
    isolationLevel: IsolationLevel,
    deadline: Deadline,
  ): Promise<ReadonlyMap<Slot, Slot>> {
    const failed = slots.filter((slot) => slot.retry !== 'no');
    for (const topic of new Set(failed.map((slot) => slot.topic))) this.#topics.forget(topic);
    if (failed.length === 0 || deadline.remainingMs() < worthARetryMs) return new Map();
    const topics = await this.#freshTopics(failed, deadline);
    const again = new Map<Slot, Slot>();
    for (const slot of failed) {
      const topic = topics.get(slot.topic.name);
      const retry = topic && emptySlot({ topic, partition: slot.partition });
      // A leader that stayed silent would only use up the time that is left.
      const pointless = slot.retry === 'silent' && retry && leaderOf(retry) === leaderOf(slot);
      if (retry && !pointless) again.set(slot, retry);
    }
    await this.#list([...again.values()], isolationLevel, deadline);
    return again;
  }

  /** @throws KafkaError when one of the topics is gone: then the reading as a whole has no meaning */
  async #freshTopics(
    slots: readonly Slot[],
    deadline: Deadline,
  ): Promise<ReadonlyMap<string, Topic>> {
    const names = [...new Set(slots.map((slot) => slot.topic.name))];
    try {
      const topics = await deadline.part(this.#topics.get(names));
      return new Map(topics?.map((t) => [t.name, t]));
    } catch (error) {
      const cause = toKafkaError(error);
      if (cause.reason === 'TopicNotFound' || isDenial(cause.reason)) throw cause;
      deadline.note(cause);
      return new Map();
    }
  }
}

const leaderOf = ({ topic, partition }: Slot): number | undefined => topic.leaders.get(partition);

const isDenial = (reason: string): boolean => reason === 'AuthorizationFailed';
