import {
  type AcceptedOperation,
  type Balance,
  createSettlements,
  maxExamples,
  type SettledOperation,
} from './balance.ts';
import type { Expected } from './names.ts';
import type { OperationState } from './operations-api.ts';

export interface PendingOperation extends AcceptedOperation {
  /** How many operations were accepted before it. */
  readonly position: number;
  /** When its state was last learned; at first when it was accepted. */
  readonly seenAtMs: number;
  readonly state: string;
}

export interface OperationLedger {
  accept(operation: AcceptedOperation): void;
  /** What was learned of an operation; ignored unless it was accepted and was not terminal before. */
  see(seen: OperationState, atMs: number): void;
  /** In the order in which they were accepted. */
  pending(): readonly PendingOperation[];
  pendingCount(): number;
  acceptedCount(): number;
  balance(): Balance;
}

/** Keeps only what is not terminal yet, and the latest users, so that a load may run for weeks. */
export function createLedger(onSettled: (operation: SettledOperation) => void): OperationLedger {
  const pending = new Map<string, PendingOperation>();
  const settlements = createSettlements();
  const expected = { completed: 0, failed: 0 };
  let accepted = 0;
  let duplicateUuids = 0;

  const settle = (operation: PendingOperation, seen: SeenTerminal, atMs: number) => {
    const { uuid, name, expected, dueAtMs, answeredAtMs, seenAtMs } = operation;
    const settled = {
      ...{ uuid, name, expected, dueAtMs, answeredAtMs },
      ...{ state: seen.state, error: seen.error, user: seen.user },
      sagaMs: atMs - dueAtMs,
      resolutionMs: atMs - seenAtMs,
    };
    pending.delete(uuid);
    settlements.add(settled);
    onSettled(settled);
  };

  return {
    accept(operation) {
      const { uuid, answeredAtMs } = operation;
      if (pending.has(uuid)) duplicateUuids += 1;
      else {
        const unseen = { position: accepted, seenAtMs: answeredAtMs, state: 'pending' };
        pending.set(uuid, { ...operation, ...unseen });
      }
      accepted += 1;
      expected[operation.expected] += 1;
    },
    see(seen, atMs) {
      const operation = pending.get(seen.uuid);
      if (operation === undefined) return;
      if (isTerminal(seen)) settle(operation, seen, atMs);
      else pending.set(seen.uuid, { ...operation, seenAtMs: atMs, state: seen.state });
    },
    pending: () => [...pending.values()],
    pendingCount: () => pending.size,
    acceptedCount: () => accepted,
    balance() {
      const summary = settlements.summary();
      const terminal = summary.completed + summary.failed;
      const notTerminalExamples = [...pending.values()]
        .slice(0, maxExamples)
        .map(({ uuid, name, state }) => ({ uuid, name, state }));
      return {
        balanced: accepted === terminal && summary.unexpected === 0 && summary.users.balanced,
        accepted,
        terminal,
        expected: { ...expected },
        notTerminal: pending.size,
        notTerminalExamples,
        duplicateUuids,
        ...summary,
      };
    },
  };
}

type SeenTerminal = OperationState & { readonly state: Expected };

function isTerminal(seen: OperationState): seen is SeenTerminal {
  return seen.state === 'completed' || seen.state === 'failed';
}
