import { errorKind } from '@lagscaler/demo-shared/kafka-errors.ts';
import type { Logger } from '@lagscaler/demo-shared/log.ts';
import { orAborted, pause } from '@lagscaler/demo-shared/time.ts';
import { type DeclaredTopic, TopicsError } from './declaration.ts';
import { describePlan, isDone, type Plan, planTopics } from './plan.ts';
import type { TopicAdmin } from './topic-admin.ts';

export interface ApplyOptions {
  readonly declared: readonly DeclaredTopic[];
  readonly admin: TopicAdmin;
  /** Ends the retries: a deadline or a shutdown. Its reason becomes the cause of the error. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Between two attempts, jitter included. */
  readonly nextPauseMs: () => number;
}

/** Waiting cannot mend these. */
const final: ReadonlySet<string> = new Set([
  'KafkaJSSASLAuthenticationError',
  'SASL_AUTHENTICATION_FAILED',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'POLICY_VIOLATION',
]);

/**
 * Creates and grows topics until the brokers themselves show that all is as declared. Trouble with
 * Kafka is retried: brokers may come up after us, and one that has just joined lets a replication
 * factor pass that was refused before.
 * @throws TopicsError at once when something exists that cannot be made as declared, before anything
 *   is changed; Error with the last trouble as its cause when the signal aborts or waiting cannot help
 */
export async function applyTopics(options: ApplyOptions): Promise<void> {
  const { signal, log, nextPauseMs } = options;
  let trouble: unknown;
  while (!signal.aborted && !isFinal(trouble)) {
    const outcome = await attempt(options);
    if (outcome === 'done') return;
    // The end of the waiting tells nothing of what was waited for.
    if (outcome !== 'again' && !signal.aborted) {
      trouble = outcome.trouble;
      log.warn({ error: errorKind(trouble) }, 'Kafka did not do it; trying again');
      log.debug({ err: trouble }, 'Kafka did not do it');
    }
    await pause(nextPauseMs(), signal);
  }
  const why = trouble === undefined ? '' : ` (${errorKind(trouble)})`;
  throw new Error(`the topics could not be made as declared${why}`, {
    cause: trouble ?? signal.reason,
  });
}

type Outcome = 'done' | 'again' | { readonly trouble: unknown };

async function attempt(options: ApplyOptions): Promise<Outcome> {
  try {
    return (await applyOnce(options)) ? 'done' : 'again';
  } catch (error) {
    if (error instanceof TopicsError) throw error;
    return { trouble: error };
  }
}

const isFinal = (trouble: unknown) => final.has(errorKind(trouble));

/**
 * What there is to do now, without doing it.
 * @throws TopicsError when something exists that cannot be made as declared; kafkajs errors
 */
export async function readPlan({ declared, admin, signal }: ApplyOptions): Promise<Plan> {
  const names = declared.map(({ name }) => name);
  const plan = planTopics(declared, await orAborted(admin.existing(names), signal));
  if (plan.problems.length > 0) {
    throw new TopicsError('topics exist that are not as declared', plan.problems);
  }
  return plan;
}

/** @returns whether there was nothing left to do */
async function applyOnce(options: ApplyOptions): Promise<boolean> {
  const { admin, signal, log } = options;
  const plan = await readPlan(options);
  if (isDone(plan)) return true;
  log.info({ plan: describePlan(plan) }, 'applying');
  if (plan.create.length > 0) await orAborted(admin.create(plan.create), signal);
  if (plan.grow.length > 0) await orAborted(admin.grow(plan.grow), signal);
  return false;
}
