export interface RecentSet {
  /** @returns whether it is new, as far as is remembered */
  add(value: string): boolean;
}

/**
 * Remembers at least the latest `atLeast` values, and less than twice as many. Two generations, since
 * taking the oldest out of one large Set again and again costs time that grows with its size.
 */
export function createRecentSet(atLeast: number): RecentSet {
  let older: ReadonlySet<string> = new Set();
  let newer = new Set<string>();
  return {
    add(value) {
      if (newer.has(value)) return false;
      const known = older.has(value);
      newer.add(value);
      if (newer.size >= atLeast) {
        older = newer;
        newer = new Set();
      }
      return !known;
    },
  };
}
