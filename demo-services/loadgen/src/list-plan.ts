/** A page of 500 operations costs the service about as much as 11 single reads, a small one as 1. */
const costPerListed = 1 / 50;
/** What lies further back is asked for one by one. */
const maxListed = 30_000;

/**
 * How far down the list of operations to read, newest first. Down to the oldest pending operation it
 * tells of all of them; but one that got stuck an hour ago must not cost 200 pages at each look, so the
 * oldest are left to be asked for one by one where that is cheaper.
 * @param positions of the pending operations, oldest first: how many were accepted before each
 * @param accepted operations so far
 * @returns how many operations to read; 0: none
 */
export function planList(positions: readonly number[], accepted: number): number {
  let listed = 0;
  let cheapest = positions.length;
  for (const [leftOut, position] of positions.entries()) {
    const items = withAllowance(accepted - position);
    const cost = leftOut + 1 + items * costPerListed;
    if (items <= maxListed && cost < cheapest) {
      cheapest = cost;
      listed = items;
    }
  }
  return listed;
}

/** Beyond what was accepted: operations whose POST is not answered yet, and those of other clients. */
function withAllowance(items: number): number {
  return Math.ceil(items * 1.1) + 20;
}
