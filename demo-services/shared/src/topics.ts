import type { Kafka } from 'kafkajs';

/**
 * The names of all topics. An Admin of its own each time: one that has met a missing topic fails for
 * all topics afterwards (traps K2). Never creates a topic.
 */
export async function listTopics(kafka: Kafka): Promise<ReadonlySet<string>> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return new Set(await admin.listTopics());
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
