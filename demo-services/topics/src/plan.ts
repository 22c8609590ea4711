import type { DeclaredTopic } from './declaration.ts';

/** One topic as the brokers have it. */
export interface ExistingTopic {
  readonly partitions: number;
  readonly replicationFactor: number;
}

export interface Plan {
  readonly create: readonly DeclaredTopic[];
  /** Topics that get more partitions; what they have stays. */
  readonly grow: readonly DeclaredTopic[];
  /** What must be decided by people: nothing is ever shrunk or deleted. */
  readonly problems: readonly string[];
}

/** What must be done so that all is as declared; topics that are not declared are left alone. */
export function planTopics(
  declared: readonly DeclaredTopic[],
  existing: ReadonlyMap<string, ExistingTopic>,
): Plan {
  const found = declared.flatMap((topic) => {
    const has = existing.get(topic.name);
    return has ? [{ topic, has }] : [];
  });
  return {
    create: declared.filter(({ name }) => !existing.has(name)),
    grow: found.flatMap(({ topic, has }) => (topic.partitions > has.partitions ? [topic] : [])),
    problems: found.flatMap(({ topic, has }) => conflicts(topic, has)),
  };
}

function conflicts({ name, ...wanted }: DeclaredTopic, has: ExistingTopic): string[] {
  const problems: string[] = [];
  if (wanted.partitions < has.partitions) {
    problems.push(
      `${name} has ${has.partitions} partitions, declared are ${wanted.partitions}: Kafka cannot take partitions away; declare ${has.partitions}, or delete the topic and with it its messages`,
    );
  }
  if (wanted.replicationFactor !== has.replicationFactor) {
    problems.push(
      `${name} has replication factor ${has.replicationFactor}, declared is ${wanted.replicationFactor}: declare ${has.replicationFactor}, or move the replicas with kafka-reassign-partitions`,
    );
  }
  return problems;
}

export const isDone = (plan: Plan): boolean => plan.create.length === 0 && plan.grow.length === 0;

/** One line for each thing to do. */
export function describePlan({ create, grow }: Plan): readonly string[] {
  return [
    ...create.map(
      ({ name, partitions, replicationFactor }) =>
        `create ${name}: ${partitions} partitions, replication factor ${replicationFactor}`,
    ),
    ...grow.map(({ name, partitions }) => `grow ${name} to ${partitions} partitions`),
  ];
}
