/**
 * A consumer with a backlog reads its partitions in turn, each for as long as a fetch lasts. Until it has
 * been round, one that stands still may only be waiting; twice, since it may have come just too late.
 */
const rounds = 2;

/**
 * How long a partition may have to wait for its turn, ms: until what waits in the others was read.
 * @param elsewhere records of lag in the other partitions of the group
 * @param consumptionRate records per second of the group; undefined while unknown
 */
export function turnMs(elsewhere: number, consumptionRate: number | undefined): number {
  if (elsewhere <= 0 || consumptionRate === undefined) return 0;
  return consumptionRate > 0
    ? (1000 * rounds * elsewhere) / consumptionRate
    : Number.POSITIVE_INFINITY;
}
