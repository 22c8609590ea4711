import { hasStoodStill, stillKey } from './still.ts';
import type { GroupLag, LagFlag, PartitionOffsets, ScalingPolicy, StillOffsets } from './types.ts';

export type LagRules = Pick<ScalingPolicy, 'offsetResetPolicy' | 'neverCommitted'>;

/** Lag of one partition in records, never negative; undefined is unknown, never zero. */
export interface PartitionLag {
  readonly lag: bigint | undefined;
  readonly flags: readonly LagFlag[];
}

const noFlags: readonly LagFlag[] = [];
/** From the second tick on, a commit beyond the end is a topic that was re-created or truncated. */
const staleCommitTicks = 2;

/**
 * Unread records of one partition; never throws.
 * @param beyondEndTicks ticks in a row, with this one, in which the commit lay beyond the end
 * The rules apply in the order in which they stand here; the vectors are in operator/cases.
 */
export function partitionLag(
  { committed, end, logStart }: PartitionOffsets,
  rules: LagRules,
  beyondEndTicks = 1,
): PartitionLag {
  if (committed === 'unknown') return { lag: undefined, flags: ['committedUnknown'] };
  if (committed === 'none') return uncommittedLag(end, logStart, rules);
  if (end === undefined) return { lag: undefined, flags: ['endMissing'] };
  if (committed > end) {
    if (beyondEndTicks < staleCommitTicks) return { lag: 0n, flags: ['committedBeyondEnd'] };
    return uncommittedLag(end, logStart, rules);
  }
  if (logStart === undefined) return { lag: end - committed, flags: ['upperBound'] };
  // The records below the log start are gone: the consumer will reset past them.
  if (committed < logStart)
    return { lag: distance(logStart, end), flags: ['committedBelowLogStart'] };
  return { lag: end - committed, flags: noFlags };
}

function uncommittedLag(
  end: bigint | undefined,
  logStart: bigint | undefined,
  { offsetResetPolicy, neverCommitted }: LagRules,
): PartitionLag {
  if (neverCommitted === 'ignore' || offsetResetPolicy === 'latest')
    return { lag: 0n, flags: ['neverCommitted'] };
  if (end === undefined) return { lag: undefined, flags: ['endMissing'] };
  if (logStart === undefined) return { lag: end, flags: ['neverCommitted', 'upperBound'] };
  return { lag: distance(logStart, end), flags: ['neverCommitted'] };
}

function distance(from: bigint, to: bigint): bigint {
  return to > from ? to - from : 0n;
}

/** What one partition adds to the group. */
interface Share extends PartitionLag {
  /** What is certainly there: nothing of an upper bound. */
  readonly certain: bigint;
  /** What counts for activation. */
  readonly activating: bigint;
}

type GroupRules = LagRules & Pick<ScalingPolicy, 'activation'>;

/**
 * Lag of the group. An empty list of partitions is no answer: incomplete, never "no lag".
 * @param still as of this tick
 */
export function groupLag(
  partitions: readonly PartitionOffsets[],
  policy: GroupRules,
  still: ReadonlyMap<string, StillOffsets>,
  now: number,
): GroupLag {
  const shares = partitions.map((p) => shareOf(p, still.get(stillKey(p)), policy, now));
  const known = shares.filter((share) => share.lag !== undefined).length;
  const count = (flag: LagFlag) => shares.filter((share) => share.flags.includes(flag)).length;
  const complete = known > 0 && known === partitions.length;
  const active = sum(shares.map((share) => share.activating)) > policy.activation.lag;
  return {
    lag: complete ? sum(shares.map((share) => share.lag ?? 0n)) : undefined,
    lowerBound: known > 0 ? sum(shares.map((share) => share.certain)) : undefined,
    partitions: partitions.length,
    unknownPartitions: partitions.length - known,
    complete,
    active: active || (complete ? false : undefined),
    scaleInAllowed: complete && count('committedBeyondEnd') === 0,
    keepAlive:
      complete &&
      policy.neverCommitted === 'keepOne' &&
      count('neverCommitted') === partitions.length,
    flags: [...new Set(shares.flatMap((share) => share.flags))],
  };
}

function shareOf(
  offsets: PartitionOffsets,
  entry: StillOffsets | undefined,
  policy: GroupRules,
  now: number,
): Share {
  const { lag, flags } = partitionLag(offsets, policy, entry?.beyondEndTicks);
  if (lag === undefined || isUnread(offsets, policy))
    return { lag: undefined, flags, certain: 0n, activating: 0n };
  const { activation } = policy;
  // KEDA #5675: transaction markers leave a small lag for ever, which must not keep a group awake.
  const leftover = lag <= activation.lag && hasStoodStill(entry, now, activation.cooldownMs);
  const certain = flags.includes('upperBound') ? 0n : lag;
  return { lag, flags, certain, activating: leftover ? 0n : lag };
}

/**
 * Without an end nobody can say whether records arrive: a partition that was never committed may have no
 * lag by policy, and the group is all the same not idle. Those that the policy ignores, it ignores.
 */
function isUnread({ end }: PartitionOffsets, { neverCommitted }: GroupRules): boolean {
  return end === undefined && neverCommitted !== 'ignore';
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
