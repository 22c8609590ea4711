import type { Clock } from '../controller/clock.ts';
import type { Cluster } from './cluster.ts';
import type { Deadline } from './deadline.ts';
import { EndsWave } from './ends-wave.ts';
import { KafkaError, toKafkaError } from './kafka-error.ts';
import { LogStartPace } from './log-starts.ts';
import type { TopicScope } from './scope.ts';
import type { TopicEnds, Trouble } from './topic-ends.ts';
import type { Topic, Topics } from './topics.ts';
import { addressText, type IsolationLevel, type Transport } from './transport.ts';

/** Below this a retry could not finish in time. */
const worthARetryMs = 100;

/** By partition number; undefined is unknown. */
type Offsets = readonly (bigint | undefined)[];

/** What is known of the partitions of one topic. */
export interface TopicOffsets extends TopicScope {
  readonly ends: Offsets;
}

export interface FoundEnds {
  readonly topics: readonly TopicOffsets[];
  /** Why some partitions have no end. */
  readonly troubles: readonly KafkaError[];
}

export interface EndsQuery {
  /** Never empty. */
  readonly topics: readonly TopicScope[];
  readonly isolationLevel: IsolationLevel;
}

interface Parts {
  readonly topics: Topics;
  readonly cluster: Cluster;
  readonly transport: Transport;
  readonly clock: Clock;
  /** When a wave is complete. */
  readonly schedule: (flush: () => void) => void;
}

/** A partition without an end offset, and what was wrong with it. */
interface Failure extends Trouble {
  readonly scope: TopicScope;
  readonly partition: number;
}

/** End offsets. What cannot be read is undefined, each partition for itself. */
export class Ends {
  readonly #parts: Parts;
  readonly #pace = new LogStartPace();
  #wave: EndsWave | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * @param queued called once the first requests are waiting to be sent
   * @throws KafkaError when no partition at all has an answer, or one is denied or gone
   */
  async of(
    { topics, isolationLevel }: EndsQuery,
    deadline: Deadline,
    queued: () => void,
  ): Promise<FoundEnds> {
    const asking = this.#ask(topics, isolationLevel, deadline);
    queued();
    const first = await asking;
    const failures = topics.flatMap((scope, i) => failuresOf(scope, first[i], this.#parts.cluster));
    const found = topics.map((scope, i) => ({ ...scope, ends: first[i]?.ends ?? [] }));
    if (failures.length === 0) return { topics: found, troubles: [] };
    return await this.#mend(found, failures, { isolationLevel, deadline });
  }

  async #ask(
    topics: readonly TopicScope[],
    level: IsolationLevel,
    deadline: Deadline,
  ): Promise<readonly TopicEnds[]> {
    const wave = this.#openWave();
    const wanted = topics.map((scope) => wave.want(scope, level));
    for (const scope of topics) await deadline.shared(wave.answered(scope));
    return wanted;
  }

  #openWave(): EndsWave {
    if (this.#wave) return this.#wave;
    const { cluster, transport, clock, schedule } = this.#parts;
    const wave = new EndsWave({ cluster, transport, now: () => clock.now(), pace: this.#pace });
    this.#wave = wave;
    schedule(() => {
      this.#wave = undefined;
      wave.send();
    });
    return wave;
  }

  /** Leaders move in normal operation: new metadata, then the same question once more. */
  async #mend(
    found: readonly TopicOffsets[],
    failures: readonly Failure[],
    { isolationLevel, deadline }: { isolationLevel: IsolationLevel; deadline: Deadline },
  ): Promise<FoundEnds> {
    for (const { error, retry } of failures) if (retry === 'silent') deadline.note(error);
    const curable = failures.filter(({ retry }) => retry !== 'no');
    for (const { scope } of curable) this.#parts.topics.forget(scope.topic);
    const scopes = await this.#freshScopes(curable, deadline);
    const again = await this.#ask(scopes, isolationLevel, deadline);
    const left = scopes.flatMap((scope, i) => failuresOf(scope, again[i], this.#parts.cluster));
    const answers = scopes.map((scope, i) => ({ ...scope, ends: again[i]?.ends ?? [] }));
    const mended = found.map((old) => overlay(old, answers));
    const latestFirst = [...left, ...failures];
    refuseHopeless(mended, latestFirst);
    return { topics: mended, troubles: troublesOf(mended, latestFirst) };
  }

  /**
   * What to ask again, and of whom.
   * @throws KafkaError when one of the topics is gone: then the reading as a whole has no meaning
   */
  async #freshScopes(
    failures: readonly Failure[],
    deadline: Deadline,
  ): Promise<readonly TopicScope[]> {
    if (failures.length === 0 || deadline.remainingMs() < worthARetryMs) return [];
    const fresh = await this.#freshTopics(failures, deadline);
    return fresh.flatMap((topic) => {
      const partitions = partitionsToAsk(
        failures.filter((f) => f.scope.topic.name === topic.name),
        topic,
      );
      return partitions.length > 0 ? [{ topic, partitions }] : [];
    });
  }

  async #freshTopics(failures: readonly Failure[], deadline: Deadline): Promise<readonly Topic[]> {
    const names = [...new Set(failures.map((f) => f.scope.topic.name))];
    try {
      return (await deadline.part(Promise.resolve(this.#parts.topics.get(names)))) ?? [];
    } catch (error) {
      const cause = toKafkaError(error);
      if (cause.reason === 'TopicNotFound' || isDenial(cause)) throw cause;
      deadline.note(cause);
      return [];
    }
  }
}

function failuresOf(
  scope: TopicScope,
  found: TopicEnds | undefined,
  cluster: Cluster,
): readonly Failure[] {
  const failures: Failure[] = [];
  for (const partition of scope.partitions) {
    if (found?.ends[partition] !== undefined) continue;
    const trouble = found?.troubleOf(partition) ?? tooLate(scope, partition, cluster);
    failures.push({ ...trouble, scope, partition });
  }
  return failures;
}

function tooLate({ topic }: TopicScope, partition: number, cluster: Cluster): Trouble {
  const leader = cluster.brokerOf(topic.leaders[partition] ?? -1);
  const where = leader ? addressText(leader) : `the leader of topic ${topic.name}`;
  const what = `${where}: ListOffsets: request: no answer in time: is the broker overloaded or paused?`;
  return { error: new KafkaError('KafkaUnreachable', what), retry: 'no' };
}

/** Those that failed, and all of a topic that was created anew: what is known is of the old one. */
function partitionsToAsk(failures: readonly Failure[], fresh: Topic): readonly number[] {
  const { topic, partitions = [] } = failures[0]?.scope ?? {};
  if (topic?.topicId !== fresh.topicId) return partitions.filter((p) => p < fresh.leaders.length);
  return failures.filter((f) => isWorthAsking(f, fresh)).map((f) => f.partition);
}

/** A leader that stayed silent would only use up the time that is left. */
function isWorthAsking({ retry, scope, partition }: Failure, fresh: Topic): boolean {
  if (partition >= fresh.leaders.length) return false;
  return retry === 'moved' || fresh.leaders[partition] !== scope.topic.leaders[partition];
}

/** @param again what was asked for once more; others may have asked for more of the same topic */
function overlay(old: TopicOffsets, again: readonly TopicOffsets[]): TopicOffsets {
  const newer = again.find(({ topic }) => topic.name === old.topic.name);
  if (!newer) return old;
  // What was read of an incarnation that is gone says nothing about the new one.
  const ends = newer.topic.topicId === old.topic.topicId ? [...old.ends] : [];
  for (const partition of newer.partitions) ends[partition] = newer.ends[partition];
  return { topic: newer.topic, partitions: old.partitions, ends };
}

/** @param failures the latest first */
function refuseHopeless(found: readonly TopicOffsets[], failures: readonly Failure[]): void {
  const isHopeless = found.every(({ partitions, ends }) =>
    partitions.every((partition) => ends[partition] === undefined),
  );
  const fatal = failures.find(({ error }) => isHopeless || isDenial(error));
  if (fatal) throw fatal.error;
}

/** Of each partition that has no end for good. */
function troublesOf(
  found: readonly TopicOffsets[],
  failures: readonly Failure[],
): readonly KafkaError[] {
  return found.flatMap(({ topic, partitions, ends }) =>
    partitions.flatMap((partition) => {
      if (ends[partition] !== undefined) return [];
      const isIt = (f: Failure) => f.partition === partition && f.scope.topic.name === topic.name;
      return failures.find(isIt)?.error ?? [];
    }),
  );
}

const isDenial = ({ reason }: KafkaError): boolean => reason === 'AuthorizationFailed';
