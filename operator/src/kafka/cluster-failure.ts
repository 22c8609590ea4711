import { KafkaError, type Reaction, toKafkaError } from './kafka-error.ts';
import { type Address, addressText } from './transport.ts';

export const isRefusal = (error: unknown): boolean =>
  toKafkaError(error).reason === 'AuthenticationFailed';

/** What to tell first when each broker failed in its own way: what only a person can mend. */
const telling = ['AuthenticationFailed', 'UnsupportedBroker', 'AuthorizationFailed'];

const causesOf = (error: unknown): readonly KafkaError[] =>
  error instanceof AggregateError ? error.errors.map(toKafkaError) : [toKafkaError(error)];

/** The same one whatever the order in which they were asked: a condition must not change at every probe. */
function mainCause(causes: readonly KafkaError[]): KafkaError {
  const sorted = causes.toSorted((a, b) => (a.message < b.message ? -1 : 1));
  return sorted.find((c) => telling.includes(c.reason)) ?? sorted[0] ?? toKafkaError(undefined);
}

/** @param error of one broker, or an AggregateError of several that were asked the same */
export function allFailed(error: unknown): KafkaError {
  const causes = causesOf(error);
  const main = mainCause(causes);
  const others = causes.length > 1 ? `none of ${causes.length} brokers can be used: ` : '';
  const { retryWithinMs } = main;
  const options = { cause: error, reaction: leastOf(causes), retryWithinMs };
  return new KafkaError(main.reason, `${others}${main.message}`, options);
}

/** @param count brokers that the bootstrap server names */
export function unreachableBehind(from: Address, count: number, error: unknown): KafkaError {
  const { reason, message, retryWithinMs } = mainCause(causesOf(error));
  const none =
    count === 1 ? 'the broker it names cannot' : `none of the ${count} brokers it names can`;
  const what = `${addressText(from)} answers, but ${none} be used: ${message}`;
  return new KafkaError(reason, what, { cause: error, retryWithinMs });
}

/** As long as one of them is gone altogether, its return is worth watching for. */
function leastOf(causes: readonly KafkaError[]): Reaction {
  const seen = causes.map((c) => c.reaction);
  return (['none', 'hangUp'] as const).find((r) => seen.includes(r)) ?? 'answer';
}
