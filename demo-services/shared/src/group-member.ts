import type { Consumer } from 'kafkajs';
import type { ServiceMetrics } from './metrics.ts';
import type { Progress } from './progress.ts';
import { createUncommitted, type Uncommitted } from './uncommitted.ts';

/** What this process knows of its place in the consumer group. */
export interface GroupMember {
  joined(): boolean;
  /** Whether the partition is assigned to this member now. */
  holds(topic: string, partition: number): boolean;
  /** Changes with each join. */
  epoch(): number;
  /** Since Kafka last took a heartbeat, a commit or a join of this member. */
  silentMs(): number;
  /** Answered here, commit refused: kept while the partition stays here. */
  readonly uncommitted: Uncommitted;
  /** The group rebalances: no batch may begin before this member has joined again. */
  rejoin(error: unknown): void;
  mustRejoin(): unknown;
  follow(consumer: Consumer): void;
  left(): void;
}

function partitionKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

export function createGroupMember(metrics: ServiceMetrics, progress: Progress): GroupMember {
  let assigned: ReadonlySet<string> = new Set();
  let epoch = 0;
  let joined = false;
  let rejoining: unknown;
  let contactAt = Number.NEGATIVE_INFINITY;
  const uncommitted = createUncommitted();
  const holds = (topic: string, partition: number) => assigned.has(partitionKey(topic, partition));
  const assign = (keys: ReadonlySet<string>) => {
    assigned = keys;
    metrics.assignedPartitions.set(keys.size);
    uncommitted.keepOnly(holds);
  };
  const inTouch = () => {
    contactAt = performance.now();
  };
  return {
    joined: () => joined,
    holds,
    epoch: () => epoch,
    silentMs: () => performance.now() - contactAt,
    uncommitted,
    rejoin(error) {
      rejoining = error;
    },
    mustRejoin: () => rejoining,
    follow(consumer) {
      const { events } = consumer;
      rejoining = undefined;
      consumer.on(events.GROUP_JOIN, ({ payload }) => {
        epoch += 1;
        joined = true;
        rejoining = undefined;
        assign(partitionKeys(payload.memberAssignment));
        metrics.rebalances.inc();
        inTouch();
        progress.mark();
      });
      consumer.on(events.HEARTBEAT, inTouch);
      consumer.on(events.COMMIT_OFFSETS, inTouch);
      // A heartbeat is no progress: it goes on while the work on a message stands still.
      consumer.on(events.FETCH_START, progress.mark);
      consumer.on(events.FETCH, progress.mark);
      consumer.on(events.REBALANCING, progress.mark);
      consumer.on(events.REQUEST_TIMEOUT, progress.mark);
    },
    left() {
      joined = false;
      assign(new Set());
    },
  };
}

function partitionKeys(assignment: Readonly<Record<string, number[]>>): ReadonlySet<string> {
  return new Set(
    Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => partitionKey(topic, partition)),
    ),
  );
}
