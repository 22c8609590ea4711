import type { Admin, Kafka, PartitionMetadata } from 'kafkajs';

/** The names of all topics. Never creates one. */
export function listTopics(kafka: Kafka): Promise<ReadonlySet<string>> {
  return withAdmin(kafka, async (admin) => new Set(await admin.listTopics()));
}

/** @throws when the topic does not exist; it is never created */
export function partitionsOf(kafka: Kafka, topic: string): Promise<readonly PartitionMetadata[]> {
  return withAdmin(kafka, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions ?? [];
  });
}

/** An Admin of its own each time: one that met a missing topic fails for all afterwards (traps K2). */
export async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
