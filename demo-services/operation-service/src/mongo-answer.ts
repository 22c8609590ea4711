import { isTransientMongoError } from '@lagscaler/demo-shared/mongo.ts';
import { orAborted } from '@lagscaler/demo-shared/time.ts';
import { UnavailableError } from './store.ts';

const answerMs = 2_500;

/**
 * The answer of MongoDB, within 2.5 s.
 * @throws UnavailableError when it does not come; any other error means that the call itself is wrong
 */
export async function answer<T>(call: Promise<T>): Promise<T> {
  const deadline = AbortSignal.timeout(answerMs);
  try {
    return await orAborted(call, deadline);
  } catch (error) {
    if (deadline.aborted) {
      throw new UnavailableError(`MongoDB has not answered for ${answerMs} ms`, { cause: error });
    }
    if (!isTransientMongoError(error)) throw error;
    throw new UnavailableError('MongoDB is not available', { cause: error });
  }
}
