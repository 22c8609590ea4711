import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface ServiceMetrics {
  readonly registry: Registry;
  readonly consumed: Counter<'topic'>;
  readonly produced: Counter<'topic'>;
  readonly failed: Counter<'topic'>;
  readonly deadLettered: Counter<'topic'>;
  readonly skipped: Counter<'topic'>;
  /** Duplicates and late messages: nothing was done for them, on purpose. */
  readonly ignored: Counter<'topic'>;
  readonly handlingSeconds: Histogram<'topic'>;
  readonly rebalances: Counter;
  readonly assignedPartitions: Gauge;
}

export interface TopicsOfService {
  readonly consumed: readonly string[];
  readonly produced: readonly string[];
}

/** Every metric of a consuming service, in a registry of its own (traps O2). */
export function createMetrics(topics: TopicsOfService): ServiceMetrics {
  const registry = new Registry();
  const registers = [registry];
  const byTopic = (name: string, help: string, known: readonly string[]) => {
    const counter = new Counter({ name, help, registers, labelNames: ['topic'] as const });
    for (const topic of known) counter.inc({ topic }, 0); // else rate() misses the first (traps O3)
    return counter;
  };
  return {
    registry,
    consumed: byTopic(
      'demo_messages_consumed_total',
      'Messages handled to the end.',
      topics.consumed,
    ),
    produced: byTopic(
      'demo_messages_produced_total',
      'Messages acknowledged by Kafka.',
      topics.produced,
    ),
    failed: byTopic(
      'demo_messages_failed_total',
      'Messages that cannot be handled.',
      topics.consumed,
    ),
    deadLettered: byTopic(
      'demo_messages_dead_lettered_total',
      'Failed messages kept in the dead-letter topic, by origin.',
      topics.consumed,
    ),
    skipped: byTopic(
      'demo_messages_skipped_total',
      'Failed messages dropped because there is no dead-letter topic, by origin.',
      topics.consumed,
    ),
    ignored: byTopic(
      'demo_messages_ignored_total',
      'Duplicate and late messages that changed nothing.',
      topics.consumed,
    ),
    handlingSeconds: new Histogram({
      name: 'demo_message_handling_seconds',
      help: 'From the start of the work on a message to its answer acknowledged.',
      labelNames: ['topic'] as const,
      buckets: [0.01, 0.025, 0.05, 0.1, 0.2, 0.225, 0.25, 0.3, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    rebalances: new Counter({
      name: 'demo_rebalances_total',
      help: 'Times this member has joined its group anew.',
      registers,
    }),
    assignedPartitions: new Gauge({
      name: 'demo_assigned_partitions',
      help: 'Partitions assigned to this member.',
      registers,
    }),
  };
}
