import { isTransientMongoError } from '@lagscaler/demo-shared/mongo.ts';
import { orAborted } from '@lagscaler/demo-shared/time.ts';
import { UnavailableError } from './store.ts';

/** How long a client of ours is kept waiting for MongoDB. */
export const answerMs = 2_500;

/**
 * The answer of MongoDB, within 2.5 s if nothing else is said.
 * @throws UnavailableError when it does not come; any other error means that the call itself is wrong
 */
export async function answer<T>(call: Promise<T>, withinMs = answerMs): Promise<T> {
  const deadline = AbortSignal.timeout(withinMs);
  try {
    return await orAborted(call, deadline);
  } catch (error) {
    if (deadline.aborted) {
      throw new UnavailableError(`MongoDB has not answered for ${withinMs} ms`, { cause: error });
    }
    if (!isTransientMongoError(error)) throw error;
    throw new UnavailableError('MongoDB is not available', { cause: error });
  }
}
