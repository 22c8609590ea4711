import type { KafkaConnection } from '@lagscaler/demo-shared/kafka-config.ts';
import { createLog } from '@lagscaler/demo-shared/log.ts';
import { countAnswers } from '@lagscaler/loadgen/count-answers.ts';
import { generateLoad } from '@lagscaler/loadgen/generate-load.ts';
import { createTopic, deleteGroup, deleteTopics } from './kafka.ts';

export const approvalGroup = 'user-approval-service';
export const approvalTopics = {
  requests: 'user-approve',
  responses: 'user-approve-response',
  deadLetters: 'user-approve.dlq',
} as const;

/** What became of the records: each must be answered once, as the rule predicts. */
export interface Answers {
  readonly sent: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly approved: number;
  readonly rejected: number;
}

/** The topics of the approval service, new and empty, and no group. Its pods must be gone. */
export async function createApprovalTopics(
  servers: readonly string[],
  partitions: number,
): Promise<void> {
  const topics = Object.values(approvalTopics);
  await deleteGroup(servers, approvalGroup);
  await deleteTopics(servers, topics);
  for (const topic of topics) await createTopic(servers, topic, partitions);
}

export type Load = Awaited<ReturnType<typeof startLoad>>;

/** Requests for approval at a constant rate, a tenth of them to be rejected, until stopped. */
export async function startLoad(servers: readonly string[], recordsPerSecond: number) {
  const kafka: KafkaConnection = { bootstrapServers: servers, tls: undefined, sasl: undefined };
  const log = createLog('silent', {});
  const counter = await countAnswers({ kafka, log, topic: approvalTopics.responses });
  const ended = new AbortController();
  const running = generateLoad(
    {
      kafka,
      log,
      topic: approvalTopics.requests,
      profile: { kind: 'constant', ratePerSecond: recordsPerSecond },
      durationMs: Number.POSITIVE_INFINITY,
      names: { name: 'hans', deniedName: 'mallory', deniedShare: 0.1 },
      observer: {
        onSending: (record) => counter.expect(record.uuid, record.expected),
        onAcknowledged: (record) => counter.acknowledge(record.uuid),
      },
    },
    ended.signal,
  );
  return {
    /** Nothing more is sent; what was sent is acknowledged. */
    async stop(): Promise<void> {
      ended.abort();
      await running;
    },
    /**
     * Waits until every record is answered, at most `withinMs`; only after `stop`.
     * @throws Error when an answer is not what the rule predicts
     */
    async answers(withinMs = 30_000): Promise<Answers> {
      const tally = await counter.settled(AbortSignal.timeout(withinMs));
      await counter.stop();
      if (tally.wrong > 0) throw new Error(`${tally.wrong} operations got the wrong answer`);
      return { ...tally, sent: tally.answered + tally.lost };
    },
  };
}
