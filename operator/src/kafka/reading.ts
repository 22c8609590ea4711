import type { CommittedOffset, PartitionOffsets } from '../autoscaler/types.ts';
import { errorOfCode, isDenied } from './codes.ts';
import type { FoundEnds, TopicOffsets } from './ends.ts';
import type { KafkaError } from './kafka-error.ts';
import type { Scope } from './scope.ts';
import type { GroupOffsets } from './transport.ts';

type CommittedPartition = GroupOffsets['topics'][number]['partitions'][number];

interface Combined {
  readonly partitions: readonly PartitionOffsets[];
  /** Why some of them are unknown; without that, why the log starts of some are. */
  readonly troubles: readonly KafkaError[];
}

/**
 * Commits and ends of the same partitions, put together.
 * @throws KafkaError AuthorizationFailed when an ACL hides a topic
 */
export function combine(scope: Scope, { topics, troubles }: FoundEnds): Combined {
  const partitions: PartitionOffsets[] = [];
  const refused: KafkaError[] = [];
  for (const found of topics) {
    const commits = commitsOf(scope.commits, found.topic.name);
    addTopic(partitions, found, commits, scope.absent);
    for (const commit of commits) {
      if (commit && commit.errorCode !== 0) refused.push(troubleOf(commit, found.topic.name));
    }
  }
  const unknown = [...troubles, ...refused];
  return { partitions, troubles: unknown.length > 0 ? unknown : topics.flatMap(withoutLogStart) };
}

/** Without a log start the lag is an upper bound. */
function withoutLogStart({ topic, partitions, ends }: TopicOffsets): readonly KafkaError[] {
  const { troubles } = topic.logStarts;
  if (troubles.size === 0) return [];
  return partitions.flatMap((p) => (ends[p] === undefined ? [] : (troubles.get(p) ?? [])));
}

/** By partition number, with holes. */
type Commits = readonly (CommittedPartition | undefined)[];

function addTopic(
  to: PartitionOffsets[],
  { topic, partitions, ends }: TopicOffsets,
  commits: Commits,
  absent: Scope['absent'],
): void {
  const { name, topicId, logStarts } = topic;
  for (const partition of partitions) {
    const commit = commits[partition];
    const end = ends[partition];
    to.push({
      topic: name,
      topicId,
      partition,
      committed: commit ? toCommitted(commit, name) : absent,
      end,
      logStart: end === undefined ? undefined : logStarts.get(partition),
    });
  }
}

function commitsOf({ topics }: GroupOffsets, name: string): Commits {
  const commits: CommittedPartition[] = [];
  for (const topic of topics) {
    if (topic.name === name) for (const p of topic.partitions) commits[p.partitionIndex] = p;
  }
  return commits;
}

const troubleOf = ({ partitionIndex, errorCode }: CommittedPartition, topic: string): KafkaError =>
  errorOfCode(errorCode, `committed offset of topic ${topic}, partition ${partitionIndex}`);

function toCommitted(
  { committedOffset, errorCode }: CommittedPartition,
  topic: string,
): CommittedOffset {
  if (isDenied(errorCode)) throw errorOfCode(errorCode, `topic ${topic}`);
  if (errorCode !== 0) return 'unknown';
  return committedOffset < 0n ? 'none' : committedOffset;
}
