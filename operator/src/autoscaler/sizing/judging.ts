import { capacityOf } from './demand.ts';
import { type EffectVerdict, type Freeze, freezeAfter, judgeEffect, thawed } from './effect.ts';
import type { Layout } from './layout.ts';
import type { PendingEffect, SizingState } from './state.ts';
import type { Tuning } from './tuning.ts';

/** What a scale-up is judged by; rates in records per second. */
export interface EffectSeen {
  readonly now: number;
  readonly current: number;
  readonly layout: Layout;
  /** Undefined while unknown. */
  readonly perReplica: number | undefined;
  readonly arrivalRate: number;
  readonly consumptionRate: number;
  readonly excessLag: number;
  readonly drainSeconds: number;
  /** Settled, and everything is known. */
  readonly mayJudge: boolean;
}

/** A verdict that cannot be reached for so many times the usual wait is not waited for any longer. */
const patience = 15;

/** Judges the last scale-up once; one without effect is to be taken back, and none follows for a while. */
export function judged(state: SizingState, seen: EffectSeen, tuning: Tuning): SizingState {
  const { effect, freeze } = state;
  if (!effect) return seen.mayJudge ? { ...state, freeze: thaw(freeze, seen, tuning) } : state;
  const seconds = (seen.now - effect.at) / 1000;
  const isOutdated = seen.current < effect.to || seconds < 0;
  if (isOutdated || seconds > patience * tuning.effectAfterSeconds)
    return { ...state, effect: undefined };
  if (!seen.mayJudge || seconds < tuning.effectAfterSeconds) return state;
  switch (verdictOn(effect, seen, tuning)) {
    case 'nothingToJudge':
      return { ...state, effect: undefined };
    case 'effective':
      return { ...state, effect: undefined, freeze: undefined };
    case 'ineffective': {
      const failed = { from: effect.from, consumption: seen.consumptionRate };
      const frozen = freezeAfter(freeze, failed, seen.now, tuning);
      return { ...state, effect: undefined, freeze: frozen };
    }
  }
}

function thaw(freeze: Freeze | undefined, seen: EffectSeen, tuning: Tuning): Freeze | undefined {
  const { consumptionRate: consumption, excessLag, now } = seen;
  return thawed(freeze, { consumption, excessLag }, now, tuning);
}

function verdictOn(effect: PendingEffect, seen: EffectSeen, tuning: Tuning): EffectVerdict {
  const { layout, perReplica } = seen;
  const capacityOfSize = (replicas: number) =>
    perReplica === undefined ? undefined : capacityOf(layout, replicas, perReplica);
  return judgeEffect(
    {
      capacityBefore: capacityOfSize(effect.from),
      capacityAfter: capacityOfSize(effect.to),
      demandBefore: effect.demand,
      consumptionBefore: effect.consumption,
      consumptionNow: seen.consumptionRate,
      arrivalRate: seen.arrivalRate,
      excessLag: seen.excessLag,
      drainSeconds: seen.drainSeconds,
    },
    tuning,
  );
}
