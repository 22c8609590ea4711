import type { OffsetReading } from '../autoscaler/types.ts';
import { type Clock, steady } from '../controller/clock.ts';
import type { LagRequest } from '../controller/ports.ts';
import { Cluster } from './cluster.ts';
import { Rendezvous } from './coalescer.ts';
import { Commits } from './commits.ts';
import { Coordinators } from './coordinators.ts';
import { type Deadline, Timeouts } from './deadline.ts';
import { Ends } from './ends.ts';
import { describeGaps } from './gaps.ts';
import { Gate } from './gate.ts';
import { type GroupListing, listGroups } from './group-listing.ts';
import { Groups } from './groups.ts';
import { KafkaError, unavailable } from './kafka-error.ts';
import { combine } from './reading.ts';
import { RecordTimestamps } from './record-timestamps.ts';
import { Scopes } from './scope.ts';
import { Topics } from './topics.ts';
import type { Address, OffsetPosition, Transport } from './transport.ts';

/** With ten partitions each, what they hold while they wait is some 25 MB. */
const readsAtATime = 3_500;

export interface SessionOptions {
  readonly transport: Transport;
  readonly seeds: readonly Address[];
  readonly clock: Clock;
  readonly random: () => number;
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
  readonly #timestamps: RecordTimestamps;
  readonly #gate: Gate;
  readonly #rendezvous: Rendezvous;
  readonly #timeouts: Timeouts;
  #closed: KafkaError | undefined;

  constructor(options: SessionOptions) {
    const { transport } = options;
    const clock = steady(options.clock);
    this.#options = options;
    this.#timeouts = new Timeouts(clock, options.readTimeoutMs, options.batchMs);
    this.#gate = new Gate(clock, {
      windowMs: options.batchMs,
      batchSize: readsAtATime,
      patienceMs: 2 * options.graceMs,
    });
    this.#rendezvous = new Rendezvous(clock, options.graceMs);
    this.#cluster = new Cluster({ ...options, clock });
    const topics = new Topics(this.#cluster, transport, clock);
    const coordinators = new Coordinators(this.#cluster, transport, clock);
    this.#scopes = new Scopes(topics, new Commits(transport, coordinators));
    this.#groups = new Groups(coordinators, transport, clock);
    this.#timestamps = new RecordTimestamps({
      topics,
      cluster: this.#cluster,
      transport,
      clock,
    });
    this.#ends = new Ends({
      topics,
      cluster: this.#cluster,
      transport,
      clock,
      schedule: this.#rendezvous.schedule,
    });
  }

  /** Never rejects, and settles within readTimeoutMs after its turn has come. */
  async read(request: LagRequest, signal: AbortSignal): Promise<OffsetReading> {
    const batch = this.#gate.join();
    await batch.opened;
    const joined = this.#rendezvous.expect();
    const deadline = this.#timeouts.begin(signal);
    try {
      if (this.#closed) throw this.#closed;
      return await deadline.whole(this.#read(request, deadline, joined));
    } catch (error) {
      return unavailable(error);
    } finally {
      deadline.end();
      joined();
      batch.leave();
    }
  }

  /** @returns epoch milliseconds; undefined when it cannot be had now, whatever the reason */
  async timestampOf(position: OffsetPosition, signal: AbortSignal): Promise<number | undefined> {
    const deadline = this.#timeouts.begin(signal);
    try {
      return await deadline.whole(this.#timestampOf(position));
    } catch {
      return undefined; // READ may be denied: it only confirms what was estimated
    } finally {
      deadline.end();
    }
  }

  async #timestampOf(position: OffsetPosition): Promise<number | undefined> {
    await this.#cluster.admit();
    return await this.#timestamps.of(position);
  }

  /** @throws KafkaError when the cluster cannot be reached */
  listGroups(): Promise<GroupListing> {
    return listGroups(this.#cluster, this.#options.transport);
  }

  async close(): Promise<void> {
    this.#cluster.close();
    this.#closed = new KafkaError('LagUnknown', 'the reading was cancelled: the session is closed');
    this.#timeouts.endAll(this.#closed);
    await this.#options.transport.close();
  }

  async #read(request: LagRequest, deadline: Deadline, joined: () => void): Promise<OffsetReading> {
    if (!this.#cluster.works) await this.#cluster.admit();
    const { group, topics, isolationLevel } = request;
    const described = this.#groups.of({
      groupId: group,
      withTopics: topics.length === 0,
      withMembers: request.withMembers === true,
    });
    const scope = await this.#scopes.of(request, described, deadline);
    const at = this.#options.clock.now();
    // Only now, with the commits in our hands, the ends: so end >= committed (traps P1).
    const query = { topics: scope.topics, isolationLevel };
    const ends = await this.#ends.of(query, deadline, joined);
    const { refusal, description } = (await deadline.part(described)) ?? {};
    if (refusal) throw refusal;
    const { partitions, troubles } = combine(scope, ends);
    return { kind: 'observed', at, partitions, group: description, gaps: describeGaps(troubles) };
  }
}
