import type { GroupDescription } from './types.ts';

/** States in which a group, classic or of KIP-848, deals out its partitions anew. */
const rebalancing: readonly string[] = [
  'PreparingRebalance',
  'CompletingRebalance',
  'Assigning',
  'Reconciling',
];

/** Who reads the group, as far as it was seen; rates of consumption start anew when that changes. */
export interface Membership {
  readonly members: number | undefined;
  /** Epoch milliseconds of the reading that saw the last change; undefined when none did. */
  readonly changedAt: number | undefined;
}

/** A group that may not be described is as it was. */
export function membershipAfter(
  before: Membership,
  group: GroupDescription | undefined,
  at: number,
): Membership {
  if (!group) return before;
  const { members, state } = group;
  const isOther = before.members !== undefined && before.members !== members;
  const changed = isOther || rebalancing.includes(state);
  return { members, changedAt: changed ? at : before.changedAt };
}
