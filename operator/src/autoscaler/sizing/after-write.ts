import { begin } from './pauses.ts';
import type { PendingEffect, SizingState } from './state.ts';

/** A size that was written. */
export interface Written {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  /** Asked for by a person, not by the load: nothing to judge. */
  readonly isByPerson: boolean;
  /** One replica less, to learn the capacity. */
  readonly isTry: boolean;
}

/** What the next ticks have to look at after a change of the size. */
export function afterChange(state: SizingState, written: Written): SizingState {
  const { at, from, to, isTry } = written;
  if (to < from) {
    const canary = isTry ? { ...state.canary, triedAt: at } : state.canary;
    const start = { ...state.start, since: undefined };
    return { ...takenBack(state), effect: undefined, start, canary };
  }
  return {
    ...state,
    effect: effectOf(state, written),
    start: begin(state.start, at),
    membersBeforeStart: state.owners,
  };
}

/** A scale-up is taken back once: not again from a size that somebody else, or the load, asked for later. */
export function takenBack(state: SizingState): SizingState {
  const { freeze } = state;
  return freeze ? { ...state, freeze: { ...freeze, revertTo: undefined } } : state;
}

/** Of several scale-ups in a row the whole is judged. From zero there is nothing to compare with. */
function effectOf(state: SizingState, written: Written): PendingEffect | undefined {
  const { at, from, to, isByPerson } = written;
  if (isByPerson || from === 0) return undefined;
  const { demand, consumption } = state;
  const start = state.effect ?? { from, demand, consumption };
  return { at, from: start.from, to, demand: start.demand, consumption: start.consumption };
}
