import type { KafkaMessage } from 'kafkajs';
import type { DeadLetters } from './dead-letter.ts';
import type { ServiceMetrics } from './metrics.ts';
import type { BatchPorts } from './process-batch.ts';
import type { Progress } from './progress.ts';

/**
 * What a service does with a message: the serial work, whose result is the answer still to be given.
 * The answer must go on until it is durable, and call `onRetry` for each failed attempt.
 * @throws PoisonError for a message that can never be handled
 */
export type Handler = (message: KafkaMessage) => Promise<Answer>;
export type Answer = (onRetry: () => void) => Promise<void>;

export interface GuardPorts {
  readonly deadLetters: DeadLetters;
  readonly metrics: ServiceMetrics;
  readonly progress: Progress;
}

/** Work that never rejects: a message that cannot be handled has the dead-letter topic as its answer. */
export function guardedWork(handle: Handler, ports: GuardPorts): BatchPorts['work'] {
  const { deadLetters, metrics, progress } = ports;
  return async (batch, message) => {
    const { topic, partition } = batch;
    const startedAt = performance.now();
    const working = progress.begin();
    const answer = await handle(message)
      .catch((error: unknown): Answer => {
        return (onRetry) => deadLetters.put({ topic, partition }, message, error, onRetry);
      })
      .finally(() => working.end());
    return async () => {
      const answering = progress.begin();
      try {
        await answer(() => answering.renew());
        metrics.consumed.inc({ topic });
        metrics.handlingSeconds.observe({ topic }, (performance.now() - startedAt) / 1_000);
      } finally {
        answering.end();
      }
    };
  };
}
