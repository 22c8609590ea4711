import type { LagReading, Memory, TargetScale } from './types.ts';

/** Pods that are ready get so long to join the group and to commit. */
const patienceMs = 75_000;

/** Since when the target has had a pod that is ready; kinds that do not say count all that exist. */
export function readySince(
  { readyReplicas, statusReplicas }: TargetScale,
  before: Memory,
  now: number,
): number | undefined {
  return (readyReplicas ?? statusReplicas) > 0 ? (before.readySince ?? now) : undefined;
}

/**
 * Why nobody reads although pods are there to; undefined while somebody does, or nobody should. A group
 * whose members assign themselves (`simple`) never has any.
 * @param readySince epoch milliseconds; undefined without a pod that is ready
 */
export function whyStopped(
  reading: LagReading,
  readySince: number | undefined,
  now: number,
): string | undefined {
  if (reading.kind === 'unavailable' || readySince === undefined) return undefined;
  if (now - readySince < patienceMs) return undefined;
  const { group, trend } = reading;
  const { membershipChangedAt: changedAt = Number.NEGATIVE_INFINITY } = trend;
  const isDeserted = group?.members === 0 && group.kind !== 'simple';
  // Consumers that assign partitions themselves are no members, even of a group that once had some.
  const isSilent = reading.partitions.every((p) => now - p.trend.stillSince >= patienceMs);
  if (isDeserted && isSilent && now - changedAt >= patienceMs)
    return 'pods are ready, but the group has had no member for over a minute: do they join it?';
  return trend.stopped
    ? 'there is lag, but no partition was committed for over a minute: do the consumers run, and commit?'
    : undefined;
}
