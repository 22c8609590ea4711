import { assign } from './assignor.ts';
import { type PodOptions, Pods } from './pods.ts';

/** How a group stops while its partitions are dealt out anew. */
export interface Rebalance {
  /** eager: every partition pauses; cooperative and kip848: only those that move. */
  readonly protocol: 'eager' | 'cooperative' | 'kip848';
  readonly pauseSeconds: number;
}

export interface GroupOptions extends PodOptions {
  readonly partitions: number;
  readonly threadsPerReplica: number;
  readonly rebalance: Rebalance;
}

/** The consumers of the topic and what each of them owns. */
export class Group {
  readonly pods: Pods;
  /** Per partition the index of its consumer, 0 to `consumers - 1`; -1 without one. */
  readonly consumerOf: Int32Array;
  /** Per partition the second from which it is read again after a rebalance. */
  readonly resumesAt: Float64Array;
  /** One for each thread of each pod that has joined. */
  consumers = 0;
  rebalances = 0;
  movedPartitions = 0;
  pausedPartitionSeconds = 0;
  readonly #options: GroupOptions;
  readonly #owners: Int32Array;
  #rebalancedUntil = 0;

  /** A settled group: its pods are members, and nothing pauses. */
  constructor(options: GroupOptions) {
    const { partitions } = options;
    this.#options = options;
    this.pods = new Pods(options);
    this.consumerOf = new Int32Array(partitions).fill(-1);
    this.resumesAt = new Float64Array(partitions);
    this.#owners = new Int32Array(partitions).fill(-1);
    this.#deal();
  }

  /** Members that come and go in one second share a rebalance. */
  advance(second: number): void {
    if (this.pods.advance(second)) this.#rebalance(second);
  }

  isRebalancing(second: number): boolean {
    return second < this.#rebalancedUntil;
  }

  /**
   * Records per second that the group could do with evenly loaded partitions.
   * @param ofReplica records per second of one replica
   */
  capacity(ofReplica: number): number {
    const { partitions, threadsPerReplica } = this.#options;
    const loads = new Float64Array(this.consumers);
    for (const consumer of this.consumerOf) loads[consumer] = (loads[consumer] ?? 0) + 1;
    const most = loads.reduce((max, load) => Math.max(max, load), 0);
    return most === 0 ? 0 : ((ofReplica / threadsPerReplica) * partitions) / most;
  }

  #rebalance(second: number): void {
    const { protocol, pauseSeconds } = this.#options.rebalance;
    const moved = this.#deal();
    const paused = protocol === 'eager' ? this.#owners.keys() : moved;
    for (const partition of paused) {
      const before = Math.max(second, this.resumesAt[partition] ?? 0);
      this.resumesAt[partition] = second + pauseSeconds;
      this.pausedPartitionSeconds += Math.max(0, second + pauseSeconds - before);
    }
    this.rebalances++;
    this.movedPartitions += moved.length;
    this.#rebalancedUntil = second + pauseSeconds;
  }

  #deal(): readonly number[] {
    const { threadsPerReplica: threads } = this.#options;
    const members = this.pods.members.flatMap((id) =>
      Array.from({ length: threads }, (_, thread) => id * threads + thread),
    );
    const moved = assign(this.#owners, members);
    this.consumers = members.length;
    const index = new Map(members.map((member, i) => [member, i]));
    for (const [p, owner] of this.#owners.entries()) this.consumerOf[p] = index.get(owner) ?? -1;
    return moved;
  }
}
