/** What a member keeps and may have. */
interface Share {
  readonly member: number;
  readonly quota: number;
  count: number;
}

/**
 * Sticky and balanced by count, as Kafka's cooperative-sticky and uniform assignors: members own
 * ceil(P/m) or floor(P/m) partitions and keep what they had. Load is nothing it looks at.
 * @param owners one member id per partition, changed in place; -1 where nobody owns it
 * @param members ids, oldest first
 * @returns the partitions that changed hands
 */
export function assign(owners: Int32Array, members: readonly number[]): readonly number[] {
  const shares = sharesOf(owners, members);
  const moved: number[] = [];
  for (const [partition, owner] of owners.entries()) {
    const share = shares.get(owner);
    if (share && share.count < share.quota) share.count++;
    else if (owner !== -1 || members.length > 0) moved.push(partition);
  }
  for (const partition of moved) owners[partition] = take([...shares.values()]);
  return moved;
}

/** Who has most partitions may keep one more, where they cannot be dealt out evenly. */
function sharesOf(owners: Int32Array, members: readonly number[]): ReadonlyMap<number, Share> {
  const owned = new Map(members.map((member) => [member, 0]));
  for (const owner of owners) {
    const count = owned.get(owner);
    if (count !== undefined) owned.set(owner, count + 1);
  }
  const floor = Math.floor(owners.length / members.length);
  const larger = owners.length % members.length;
  const byCount = [...owned].sort(([, a], [, b]) => b - a);
  return new Map(
    byCount.map(([member], i) => {
      const quota = i < larger ? floor + 1 : floor;
      return [member, { member, quota, count: 0 }];
    }),
  );
}

/** The member with fewest takes the next partition, so that neighbours are spread. */
function take(shares: readonly Share[]): number {
  let taker: Share | undefined;
  for (const share of shares)
    if (share.count < share.quota && share.count < (taker?.count ?? share.quota)) taker = share;
  if (!taker) return -1;
  taker.count++;
  return taker.member;
}
