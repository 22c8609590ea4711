import type { CommittedOffset, LagReading, PartitionOffsets } from '../autoscaler/types.ts';
import type { Clock } from '../controller/clock.ts';
import type { LagRequest } from '../controller/ports.ts';
import { Cluster } from './cluster.ts';
import { Gate, Rendezvous } from './coalescer.ts';
import { errorOfCode, isDenied } from './codes.ts';
import { Commits } from './commits.ts';
import { Coordinators } from './coordinators.ts';
import { Deadline } from './deadline.ts';
import { Ends, type PartitionEnd } from './ends.ts';
import { Groups } from './groups.ts';
import { KafkaError, unavailable } from './kafka-error.ts';
import { OffsetsLister } from './offsets-lister.ts';
import { Scopes } from './scope.ts';
import { Topics } from './topics.ts';
import type { Address, GroupOffsets, Transport } from './transport.ts';

export interface SessionOptions {
  readonly transport: Transport;
  readonly seeds: readonly Address[];
  readonly clock: Clock;
  readonly readTimeoutMs: number;
  /** Reads that begin within this time share their requests. */
  readonly batchMs: number;
  /** End offsets of a tick wait at most this long for the committed offsets of other groups. */
  readonly graceMs: number;
}

/** One Kafka cluster with one set of credentials: its caches and connections, shared by all reads. */
export class Session {
  readonly #options: SessionOptions;
  readonly #cluster: Cluster;
  readonly #scopes: Scopes;
  readonly #groups: Groups;
  readonly #ends: Ends;
  readonly #gate: Gate;
  readonly #rendezvous: Rendezvous;
  readonly #deadlines = new Set<Deadline>();

  constructor(options: SessionOptions) {
    const { transport, seeds, clock } = options;
    this.#options = options;
    this.#gate = new Gate(clock, options.batchMs);
    this.#rendezvous = new Rendezvous(clock, options.graceMs);
    this.#cluster = new Cluster(transport, seeds, clock);
    const topics = new Topics(this.#cluster, transport, clock);
    const coordinators = new Coordinators(this.#cluster, transport, clock);
    this.#scopes = new Scopes(topics, new Commits(this.#cluster, transport, coordinators));
    this.#groups = new Groups(coordinators, transport, clock);
    this.#ends = new Ends({
      topics,
      cluster: this.#cluster,
      lister: new OffsetsLister(this.#cluster, transport, this.#rendezvous.schedule),
      clock,
    });
  }

  /** Never rejects, and settles within readTimeoutMs. */
  async read(request: LagRequest, signal: AbortSignal): Promise<LagReading> {
    const deadline = new Deadline(this.#options.readTimeoutMs, this.#options.clock, signal);
    this.#deadlines.add(deadline);
    const joined = this.#rendezvous.expect();
    try {
      return await deadline.whole(this.#read(request, deadline, joined));
    } catch (error) {
      return unavailable(error);
    } finally {
      joined();
      this.#deadlines.delete(deadline);
    }
  }

  async close(): Promise<void> {
    this.#cluster.close();
    const closed = new KafkaError('LagUnknown', 'the reading was cancelled: the session is closed');
    for (const deadline of this.#deadlines) deadline.end(closed);
    await this.#options.transport.close();
  }

  async #read(request: LagRequest, deadline: Deadline, joined: () => void): Promise<LagReading> {
    await this.#gate.pass();
    await this.#cluster.admit();
    const { group, topics, isolationLevel } = request;
    const described = this.#groups.of({ groupId: group, withTopics: topics.length === 0 });
    const { commits, partitions } = await this.#scopes.of(request, described, deadline);
    const at = this.#options.clock.now();
    // Only now, with the commits in our hands, the ends: so end >= committed (traps P1).
    const ends = await this.#ends.of({ partitions, isolationLevel }, deadline, joined);
    const description = (await deadline.part(described))?.description;
    return { kind: 'observed', at, partitions: combine(commits, ends), group: description };
  }
}

/** @throws KafkaError AuthorizationFailed when an ACL hides a topic */
function combine(commits: GroupOffsets, ends: readonly PartitionEnd[]): PartitionOffsets[] {
  const committed = new Map<string, Map<number, CommittedOffset>>();
  for (const { name, partitions } of commits.topics) {
    const offsets = partitions.map((p) => [p.partitionIndex, toCommitted(p, name)] as const);
    committed.set(name, new Map(offsets));
  }
  return ends.map((end) => ({
    ...end,
    // Absent from the answer is not the same as never committed (traps P4).
    committed: committed.get(end.topic)?.get(end.partition) ?? 'unknown',
  }));
}

function toCommitted(
  { committedOffset, errorCode }: GroupOffsets['topics'][number]['partitions'][number],
  topic: string,
): CommittedOffset {
  if (isDenied(errorCode)) throw errorOfCode(errorCode, `topic ${topic}`);
  if (errorCode !== 0) return 'unknown';
  return committedOffset < 0n ? 'none' : committedOffset;
}
