import { planList } from './list-plan.ts';
import type { OperationLedger, PendingOperation } from './operation-ledger.ts';
import { readUser } from './operation-user.ts';
import type { OperationState, OperationsApi } from './operations-api.ts';

export interface LookOptions {
  readonly ledger: Pick<OperationLedger, 'pending' | 'acceptedCount' | 'see'>;
  readonly api: OperationsApi;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const pageSize = 500;
/** How many operations one look asks for one by one. */
const maxReads = 100;

/**
 * Learns the states of what is pending, with one request at a time: from the list of operations, newest
 * first; then one by one for those that the list did not show, the longest unseen first.
 * @throws Error with a `code` when operation-service does not answer as agreed; what was learned stays
 */
export async function look({ ledger, api, now }: LookOptions): Promise<void> {
  const beganAtMs = now();
  const positions = ledger.pending().map(({ position }) => position);
  for await (const page of newest(planList(positions, ledger.acceptedCount()), api)) {
    for (const seen of page) ledger.see(seen, now());
  }
  for (const { uuid } of longestUnseen(ledger.pending(), beganAtMs)) {
    ledger.see((await api.get(uuid)) ?? unknown(uuid), now());
  }
}

function unknown(uuid: string): OperationState {
  const state = 'unknown to operation-service';
  return { uuid, state, error: undefined, user: readUser(undefined) };
}

/** The newest operations, page by page. */
async function* newest(
  wanted: number,
  api: OperationsApi,
): AsyncGenerator<readonly OperationState[], void, void> {
  let cursor: string | undefined;
  for (let left = wanted; left > 0; left -= pageSize) {
    const page = await api.list(Math.min(left, pageSize), cursor);
    yield page.items;
    cursor = page.next;
    if (cursor === undefined) return;
  }
}

function longestUnseen(pending: readonly PendingOperation[], sinceMs: number): PendingOperation[] {
  return pending
    .filter(({ seenAtMs }) => seenAtMs < sinceMs)
    .sort((a, b) => a.seenAtMs - b.seenAtMs)
    .slice(0, maxReads);
}
