import { answer } from './mongo-answer.ts';
import type { Operations } from './mongo-store.ts';
import type { Census } from './store.ts';
import { type OperationState, operationStates } from './transitions.ts';

/** A large collection takes its time, and nobody waits for the count. */
const countMs = 20_000;
/** The server gives up by itself, and until then its silence does not cost the connection. */
const patient = { maxTimeMS: countMs, socketTimeoutMS: countMs + 2_000 };

/** Counts through the indexes, where the server has them. @throws UnavailableError */
export async function takeCensus(operations: Operations): Promise<Census> {
  const pipeline = [
    // Every state there is: for the planner it is what makes the index of states enough.
    { $match: { state: { $in: [...operationStates] } } },
    { $group: { _id: '$state', count: { $sum: 1 } } },
  ];
  const counted = operations.aggregate<{ readonly _id: OperationState; readonly count: number }>(
    pipeline,
    patient,
  );
  const byState = { pending: 0, completed: 0, failed: 0 };
  const counts = await answer(counted.toArray(), countMs);
  for (const { _id: state, count } of counts) byState[state] = count;
  const marked = { 'outbox.leasedUntil': { $gte: new Date(0) } };
  return { byState, unsent: await answer(operations.countDocuments(marked, patient), countMs) };
}
