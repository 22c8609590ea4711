import type { Reason } from '../api/conditions.ts';
import type { Unavailable } from '../autoscaler/types.ts';

/**
 * What a broker showed of itself before something failed: `none` (no such name, no route, refused,
 * silence), `hangUp` (the connection ended without a word) or `answer` (it said what is wrong).
 */
export type Reaction = 'none' | 'hangUp' | 'answer';

interface KafkaErrorOptions {
  readonly cause?: unknown;
  /** Default: `answer`. */
  readonly reaction?: Reaction;
  /** Longest time until it is tried again, where only time can help; the message tells it. */
  readonly retryWithinMs?: number | undefined;
}

/**
 * Why a reading, or a part of it, failed: the reason and message of the condition. The message names
 * the broker, the step and the remedy, and never holds a secret.
 */
export class KafkaError extends Error {
  override readonly name = 'KafkaError';
  readonly reason: Reason;
  readonly reaction: Reaction;
  readonly retryWithinMs: number | undefined;
  constructor(reason: Reason, message: string, options: KafkaErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.reaction = options.reaction ?? 'answer';
    this.retryWithinMs = options.retryWithinMs;
  }
}

/** Any thrown value as a KafkaError; what is not one already is a fault of ours and says so. */
export const toKafkaError = (error: unknown): KafkaError =>
  error instanceof KafkaError
    ? error
    : new KafkaError(
        'LagUnknown',
        `the reading failed unexpectedly (${nameOf(error)}): see the log`,
        {
          cause: error,
        },
      );

/** Its text may quote anything; the log has it, as the cause. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? `${error.name} ${code}` : error.name;
}

export function unavailable(error: unknown): Unavailable {
  const known = toKafkaError(error);
  return { kind: 'unavailable', reason: known.reason, message: known.message, error: known };
}
