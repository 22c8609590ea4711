import { withAdmin } from '@lagscaler/demo-shared/topics.ts';
import type { Admin, Kafka } from 'kafkajs';
import type { DeclaredTopic } from './declaration.ts';
import type { ExistingTopic } from './plan.ts';

/** The brokers' side. Every method throws kafkajs errors; none has a deadline of its own. */
export interface TopicAdmin {
  /** Those of these topics that exist. */
  existing(names: readonly string[]): Promise<ReadonlyMap<string, ExistingTopic>>;
  create(topics: readonly DeclaredTopic[]): Promise<void>;
  grow(topics: readonly DeclaredTopic[]): Promise<void>;
}

/** How long the controller may take for one request. */
const timeoutMs = 10_000;

export function createTopicAdmin(kafka: Kafka): TopicAdmin {
  return {
    existing: (names) => withAdmin(kafka, (admin) => readExisting(admin, names)),
    create: (topics) =>
      withAdmin(kafka, async (admin) => {
        // Leaders are waited for by reading again, since a leaderless partition fails the reading.
        const request = {
          waitForLeaders: false,
          timeout: timeoutMs,
          topics: topics.map(({ name, partitions, replicationFactor }) => ({
            topic: name,
            numPartitions: partitions,
            replicationFactor,
          })),
        };
        await admin.createTopics(request).catch(throwRefusal);
      }),
    grow: (topics) =>
      withAdmin(kafka, async (admin) => {
        await admin.createPartitions({
          timeout: timeoutMs,
          topicPartitions: topics.map(({ name, partitions }) => ({
            topic: name,
            count: partitions,
          })),
        });
      }),
  };
}

/** What one topic was refused for, taken out of the error that stands for all of them. */
function throwRefusal(error: unknown): never {
  // Its class cannot be imported by name: Node does not find it among the exports of kafkajs.
  if (!(error instanceof Error && 'errors' in error && Array.isArray(error.errors))) throw error;
  const refused: unknown[] = error.errors;
  const names = refused.map((each) =>
    each instanceof Error && 'topic' in each ? each.topic : '?',
  );
  throw new Error(`not created: ${names.join(', ')}`, { cause: refused[0] });
}

async function readExisting(
  admin: Admin,
  names: readonly string[],
): Promise<ReadonlyMap<string, ExistingTopic>> {
  const listed = new Set(await admin.listTopics());
  const topics = names.filter((name) => listed.has(name));
  // Without names it would ask for the metadata of every topic there is.
  if (topics.length === 0) return new Map();
  const metadata = await admin.fetchTopicMetadata({ topics });
  return new Map(
    metadata.topics.map(({ name, partitions }) => [
      name,
      {
        partitions: partitions.length,
        replicationFactor: Math.max(0, ...partitions.map(({ replicas }) => replicas.length)),
      },
    ]),
  );
}
