import type { Clock } from '../controller/clock.ts';

export interface Patience {
  readonly clock: Clock;
  /** How long one may keep the question to itself before the next is asked too. */
  readonly staggerMs: number;
  /** An error after which nobody else is asked. */
  readonly isFinal: (error: unknown) => boolean;
}

interface Answer<To, T> {
  readonly answer: T;
  readonly from: To;
}

/**
 * Asks one after the other: the next one when one fails, or is slow.
 * @returns the first answer of any
 * @throws AggregateError of what those that were asked have thrown
 */
export async function firstAnswer<To, T>(
  candidates: readonly To[],
  ask: (to: To) => Promise<T>,
  { clock, staggerMs, isFinal }: Patience,
): Promise<Answer<To, T>> {
  const attempts: Promise<Answer<To, T>>[] = [];
  let isOver = false;
  for (const from of candidates) {
    const attempt = ask(from).then(
      (answer) => ({ answer, from }),
      (error) => {
        isOver ||= isFinal(error);
        throw error;
      },
    );
    attempts.push(attempt);
    if (attempts.length === candidates.length) break;
    const late = (expire: () => void) => clock.after(staggerMs, expire);
    const won = await answered(attempt, Promise.any(attempts), late);
    if (won) return won;
    if (isOver) break;
  }
  return await Promise.any(attempts);
}

/** The first answer of any attempt; undefined as soon as the newest has failed, or is late. */
async function answered<T>(
  newest: Promise<T>,
  any: Promise<T>,
  late: (expire: () => void) => () => void,
): Promise<T | undefined> {
  let cancel: () => void = () => undefined;
  const patience = new Promise<undefined>((resolve) => {
    cancel = late(() => resolve(undefined));
  });
  const failed = newest.then(
    () => any,
    () => undefined,
  );
  const success = any.catch(() => undefined);
  try {
    return await Promise.race([success, failed, patience]);
  } finally {
    cancel();
  }
}
