import type { Tuning } from './tuning.ts';

/** A scale-up and what it did; rates in records per second. */
export interface ScaleUpEffect {
  /** Capacity of the replicas before and after; undefined while it is unknown. */
  readonly capacityBefore: number | undefined;
  readonly capacityAfter: number | undefined;
  /** What was wanted, and what was read, when the decision was made. */
  readonly demandBefore: number;
  readonly consumptionBefore: number;
  readonly consumptionNow: number;
  readonly arrivalRate: number;
  /** Records. */
  readonly excessLag: number;
  readonly drainSeconds: number;
}

export type EffectVerdict = 'effective' | 'ineffective' | 'nothingToJudge';

/** What the scale-up was to add to the records read per second. */
export function expectedGain(effect: ScaleUpEffect): number {
  const { capacityBefore, capacityAfter, demandBefore, consumptionBefore } = effect;
  const wanted = demandBefore - consumptionBefore;
  if (capacityBefore === undefined || capacityAfter === undefined) return wanted;
  return Math.min(capacityAfter - capacityBefore, wanted);
}

/**
 * Whether more replicas read more. Those that wait for something else, such as a database, do not; then
 * every further one makes it worse (KEDA #7092).
 */
export function judgeEffect(effect: ScaleUpEffect, tuning: Tuning): EffectVerdict {
  const { consumptionBefore, consumptionNow, arrivalRate, excessLag, drainSeconds } = effect;
  const { ineffectiveThreshold, keepsUpShare, drainingShare } = tuning;
  const expected = expectedGain(effect);
  const drainage = (drainingShare * excessLag) / drainSeconds;
  const keepsUp = consumptionNow >= keepsUpShare * arrivalRate + drainage;
  if (expected <= 0 || excessLag <= 0 || keepsUp) return 'nothingToJudge';
  const gain = consumptionNow - consumptionBefore;
  return gain < ineffectiveThreshold * expected ? 'ineffective' : 'effective';
}

/** A time without scale-ups. */
export interface Freeze {
  /** Epoch milliseconds. */
  readonly until: number;
  /** How often in a row: each one is twice as long as the one before. */
  readonly step: number;
  /** The size from before the scale-up that did not help; undefined when it is not known any more. */
  readonly revertTo: number | undefined;
  /** Records per second that were read then; undefined when it is not known any more. */
  readonly consumption: number | undefined;
}

export function freezeSeconds(step: number, { freezeSeconds, maxFreezeFactor }: Tuning): number {
  return freezeSeconds * Math.min(2 ** step, maxFreezeFactor);
}

/** @param before the freeze before this one; its step counts until a scale-up had an effect */
export function freezeAfter(
  before: Freeze | undefined,
  failed: { readonly from: number; readonly consumption: number },
  now: number,
  tuning: Tuning,
): Freeze {
  const step = before ? before.step + 1 : 0;
  const until = now + freezeSeconds(step, tuning) * 1000;
  return { until, step, revertTo: failed.from, consumption: failed.consumption };
}

/**
 * Clearly more is read of a backlog than when nothing helped: what held the consumers up is over, and so
 * is the freeze.
 */
export function thawed(
  freeze: Freeze | undefined,
  seen: { readonly consumption: number; readonly excessLag: number },
  now: number,
  { thawShare }: Tuning,
): Freeze | undefined {
  if (freeze?.consumption === undefined || !isFrozen(freeze, now) || seen.excessLag <= 0)
    return freeze;
  const isOver = seen.consumption > freeze.consumption * (1 + thawShare);
  return isOver ? { ...freeze, until: now } : freeze;
}

/** The clock was set back: not longer than it was meant. */
export function notLonger(
  freeze: Freeze | undefined,
  now: number,
  tuning: Tuning,
): Freeze | undefined {
  if (!freeze) return undefined;
  return {
    ...freeze,
    until: Math.min(freeze.until, now + freezeSeconds(freeze.step, tuning) * 1000),
  };
}

export function isFrozen(freeze: Freeze | undefined, now: number): boolean {
  return freeze !== undefined && now < freeze.until;
}
