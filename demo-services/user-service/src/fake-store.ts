import type { NewUser, User, UserStore } from './store.ts';

export interface FakeUserStore extends UserStore {
  /** Everybody, by operation uuid. */
  readonly users: ReadonlyMap<string, User>;
}

/** A store in memory, with the same guarantees: one user per operation, a decision only once. */
export function createFakeUserStore(): FakeUserStore {
  const users = new Map<string, User>();
  const startedAt = new Map<string, number>();
  const oldest = (age: (user: User) => number | undefined, before: number, limit: number) =>
    [...users.values()]
      .map((user) => ({ user, since: age(user) ?? Number.POSITIVE_INFINITY }))
      .filter(({ since }) => since < before)
      .toSorted((a, b) => a.since - b.since)
      .slice(0, limit)
      .map(({ user }) => user);
  return {
    users,
    async create(user: NewUser) {
      const existing = users.get(user.operationUuid);
      if (existing === undefined) {
        users.set(user.operationUuid, user);
        startedAt.set(user.operationUuid, user.startedAt);
      }
      return existing;
    },
    async find(operationUuid) {
      return users.get(operationUuid);
    },
    async decide(user) {
      const now = users.get(user.operationUuid);
      if (now?.uuid !== user.uuid || now.approved !== 'pending') return false;
      users.set(user.operationUuid, { ...now, ...user });
      return true;
    },
    async takeOver({ operationUuid, unsent: seen }, unsent) {
      const now = users.get(operationUuid);
      if (now?.unsent === undefined || now.unsent.claim !== seen?.claim) return false;
      users.set(operationUuid, { ...now, unsent });
      return true;
    },
    async sent(operationUuid, topic) {
      const now = users.get(operationUuid);
      if (now?.unsent?.topic === topic) users.set(operationUuid, { ...now, unsent: undefined });
    },
    async unsentSince(before, limit) {
      return oldest(({ unsent }) => unsent?.since, before, limit);
    },
    async pendingSince(before, limit) {
      const since = ({ operationUuid, approved }: User) =>
        approved === 'pending' ? startedAt.get(operationUuid) : undefined;
      return oldest(since, before, limit);
    },
  };
}
