import { type Ending, ended, type Operation } from './operation.ts';
import {
  type Finished,
  type ListQuery,
  type OperationStore,
  type OutboxStore,
  type Page,
  UnavailableError,
  type Unsent,
} from './store.ts';
import { isTerminal } from './transitions.ts';

interface Row {
  operation: Operation;
  readonly createdAt: Date;
  readonly id: string;
  unsent: { headers: Unsent['headers']; leasedUntil: number } | undefined;
}

/** For tests: a store in memory, which can be switched off and on. */
export interface FakeStore extends OperationStore, OutboxStore {
  readonly rows: Map<string, Row>;
  /** Unavailable, until switched on again. */
  down: boolean;
  /** The next insert happens, and yet looks as if the store were down. */
  loseNextAnswer: boolean;
  /** Milliseconds; moved by the test. */
  now: number;
  /** How often each method was called. */
  readonly calls: Map<string, number>;
}

export function createFakeStore(): FakeStore {
  const rows = new Map<string, Row>();
  const calls = new Map<string, number>();
  const called = (method: string) => {
    calls.set(method, (calls.get(method) ?? 0) + 1);
    if (store.down) throw new UnavailableError('switched off');
  };
  const among = (uuids: readonly string[]) => uuids.flatMap((uuid) => rows.get(uuid) ?? []);
  const store: FakeStore = {
    rows,
    calls,
    down: false,
    loseNextAnswer: false,
    now: 1_000_000,
    async insert(operation, headers, leaseMs) {
      called('insert');
      const id = rows.size.toString(16).padStart(24, '0');
      const unsent = headers && { headers, leasedUntil: store.now + leaseMs };
      rows.set(operation.uuid, { operation, createdAt: new Date(store.now), id, unsent });
      if (!store.loseNextAnswer) return;
      store.loseNextAnswer = false;
      throw new UnavailableError('no answer');
    },
    async get(uuid) {
      called('get');
      return rows.get(uuid)?.operation;
    },
    async terminal(uuids) {
      called('terminal');
      const operations = among(uuids).map(({ operation }) => operation);
      return operations.filter(({ state }) => isTerminal(state)).map(({ uuid }) => uuid);
    },
    async list(query) {
      called('list');
      return page([...rows.values()], query);
    },
    async finish(ending) {
      called('finish');
      return finish(rows.get(ending.uuid), ending);
    },
    async claim(limit, leaseMs) {
      called('claim');
      const free = [...rows.values()].filter(
        ({ unsent }) => unsent && unsent.leasedUntil <= store.now,
      );
      return free.slice(0, limit).flatMap(({ operation, unsent }) => {
        if (unsent === undefined) return [];
        unsent.leasedUntil = store.now + leaseMs;
        return { operation, headers: unsent.headers };
      });
    },
    async renew(uuids, leaseMs) {
      called('renew');
      for (const { unsent } of among(uuids)) if (unsent) unsent.leasedUntil = store.now + leaseMs;
    },
    async clear(uuids) {
      called('clear');
      for (const row of among(uuids)) row.unsent = undefined;
    },
    async revoke(uuids) {
      called('revoke');
      for (const uuid of uuids) rows.delete(uuid);
    },
  };
  return store;
}

function finish(row: Row | undefined, ending: Ending): Finished {
  if (row === undefined) return { kind: 'unknown' };
  const operation = ended(row.operation, ending);
  if (operation === undefined) return { kind: 'final' };
  row.operation = operation;
  row.unsent = undefined;
  return { kind: 'ended', createdAt: row.createdAt };
}

function page(rows: readonly Row[], { state, limit, after }: ListQuery): Page {
  const key = ({ createdAt, id }: Pick<Row, 'createdAt' | 'id'>) =>
    `${createdAt.toISOString()} ${id}`;
  const matching = rows
    .filter(({ operation }) => state === undefined || operation.state === state)
    .filter((row) => after === undefined || key(row) < key(after))
    .sort((a, b) => (key(a) < key(b) ? 1 : -1));
  const shown = matching.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(({ operation }) => operation),
    next: last && matching.length > limit ? { createdAt: last.createdAt, id: last.id } : undefined,
  };
}
