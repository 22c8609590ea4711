import type { Expected } from './names.ts';
import type { OperationUser } from './operation-user.ts';
import { createRecentSet } from './recent-set.ts';

/** Each terminal operation must have a user of its own, decided as the operation ended. */
export interface UserBalance {
  /** No terminal operation is counted below. */
  readonly balanced: boolean;
  /** Without the uuid of a user. */
  readonly withoutUser: number;
  /** With the user of another one, as far as that one is remembered: see `rememberedUsers`. */
  readonly sharedUser: number;
  /** Completed without `approved` "true", or failed without "false". */
  readonly otherwiseApproved: number;
  /** Some of them. */
  readonly examples: readonly UserProblem[];
}

export interface UserProblem {
  /** Of the operation. */
  readonly uuid: string;
  readonly state: Expected;
  readonly user: OperationUser;
  readonly problem: 'withoutUser' | 'sharedUser' | 'otherwiseApproved';
}

/** At least so many users, the latest, and at most twice as many: about 40 to 80 MB when full. */
export const rememberedUsers = 500_000;
const maxExamples = 10;

/** Checks the users of terminal operations, each operation once. */
export function createUserCheck(remembered = rememberedUsers) {
  const users = createRecentSet(remembered);
  const count = { withoutUser: 0, sharedUser: 0, otherwiseApproved: 0 };
  const examples: UserProblem[] = [];
  const note = (found: UserProblem) => {
    count[found.problem] += 1;
    if (examples.length < maxExamples) examples.push(found);
  };
  return {
    add({ uuid, state, user }: Omit<UserProblem, 'problem'>): void {
      const operation = { uuid, state, user };
      if (user.uuid === undefined) note({ ...operation, problem: 'withoutUser' });
      else if (!users.add(user.uuid)) note({ ...operation, problem: 'sharedUser' });
      const approved = state === 'completed' ? 'true' : 'false';
      if (user.approved !== approved) note({ ...operation, problem: 'otherwiseApproved' });
    },
    summary: (): UserBalance => ({
      balanced: Object.values(count).every((found) => found === 0),
      ...count,
      examples: [...examples],
    }),
  };
}
