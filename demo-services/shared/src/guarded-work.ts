import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { DeadLetters } from './dead-letter.ts';
import { type FaultPoints, messageBegun } from './fault.ts';
import type { ServiceMetrics } from './metrics.ts';
import type { BatchPorts } from './process-batch.ts';
import type { Progress } from './progress.ts';
import { orAborted } from './time.ts';
import type { OpenSpan, Tracing } from './tracing.ts';

export interface Incoming {
  readonly topic: string;
  readonly partition: number;
  readonly message: KafkaMessage;
  /** Headers for every message this one causes: trace context of its span, and the content type. */
  readonly headers: IHeaders;
}

/**
 * What a service does with a message: the work, whose result is the answer still to be given. Trouble
 * that may pass is tried again inside, with one `onRetry` for each failed attempt.
 * @throws PoisonError for a message that can never be handled: it goes to the dead-letter topic, as
 *   it does for any other error; only the end of the shutdown's patience leaves it where it is
 */
export type Handler = (incoming: Incoming, onRetry: () => void) => Promise<Answer>;

/** Goes on until it is durable and acknowledged. @throws as a Handler does */
export type Answer = (onRetry: () => void) => Promise<void>;

export interface GuardPorts {
  readonly handlers: Readonly<Record<string, Handler>>;
  readonly deadLetters: DeadLetters;
  readonly metrics: ServiceMetrics;
  readonly progress: Progress;
  readonly tracing: Tracing;
  readonly faults: FaultPoints;
  /** Aborts when a shutdown waits no longer: what is in hand is dropped, nothing is put aside for that. */
  readonly signal: AbortSignal;
}

/**
 * Work of which neither phase fails for a message that cannot be handled: that one has the dead-letter
 * topic as its answer. Both reject only with the reason of the signal.
 */
export function guardedWork(ports: GuardPorts): BatchPorts['work'] {
  const { handlers, metrics, progress, signal } = ports;
  return async ({ topic, partition }, message) => {
    const startedAt = performance.now();
    const span = ports.tracing.consumer(topic, message.headers);
    const incoming: Incoming = { topic, partition, message, headers: span.outgoing };
    const putAside = deadLetterAnswer(ports, incoming, span);
    const working = progress.begin();
    const begin = async (): Promise<Answer> => {
      await ports.faults.at(messageBegun);
      const handle = handlers[topic];
      if (handle === undefined) throw new Error(`there is no handler for topic ${topic}`);
      return handle(incoming, () => working.renew());
    };
    const answer = await orAborted(begin(), signal)
      .catch(putAside)
      .finally(() => working.end());
    return async () => {
      const answering = progress.begin();
      const onRetry = () => answering.renew();
      try {
        const answered = orAborted(answer(onRetry), signal);
        await answered.catch(async (error: unknown) => putAside(error)(onRetry));
        metrics.consumed.inc({ topic });
        metrics.handlingSeconds.observe({ topic }, (performance.now() - startedAt) / 1_000);
      } finally {
        answering.end();
        span.end();
      }
    };
  };
}

function deadLetterAnswer(
  { deadLetters, signal }: GuardPorts,
  { topic, partition, message }: Incoming,
  span: OpenSpan,
): (error: unknown) => Answer {
  return (error) => {
    span.end(error);
    signal.throwIfAborted();
    return (onRetry) => deadLetters.put({ topic, partition }, message, error, onRetry);
  };
}
