import { judged } from './judging.ts';
import { rampsAfter } from './ramp.ts';
import { type Scene, undisturbedSeconds } from './scene.ts';
import { capacityNow, demandAt, type Situation } from './situation.ts';
import type { SizingState } from './state.ts';

/** What the tick ends with: the verdict on the last scale-up, and what the next one starts from. */
export function conclude(s: Situation, scene: Scene): SizingState {
  const { now, current, layout, excessLag: backlog, objective, capacity, load } = s;
  const { arrivalRate, consumptionRate } = load;
  const isKnown = scene.complete && arrivalRate !== undefined && consumptionRate !== undefined;
  const undisturbed = undisturbedSeconds(scene, s.state, objective.tuning);
  const isCalm = s.unsettled === undefined && s.stalls.suspected.size === 0;
  const mayJudge = isKnown && isCalm && undisturbed >= objective.tuning.capacityWindowSeconds;
  const state = judged(
    s.state,
    {
      now,
      current,
      layout,
      perReplica: capacity.perReplica,
      arrivalRate: arrivalRate ?? 0,
      consumptionRate: consumptionRate ?? 0,
      excessLag: backlog,
      drainSeconds: objective.drainSeconds,
      mayJudge,
    },
    objective.tuning,
  );
  return {
    ...state,
    ramps: rampsOf(s),
    lastReadingAt: now,
    demand: demandAt(s, objective.tuning.targetUtilization),
    consumption: consumptionRate ?? 0,
  };
}

function rampsOf(s: Situation): SizingState['ramps'] {
  const { now, load, startSeconds, rebalanceSeconds, objective, state } = s;
  const { tuning, objectiveSeconds } = objective;
  const capacity = capacityNow(s);
  if (load.arrivalRate === undefined || capacity === undefined) return state.ramps;
  const tickSeconds = Math.max(0, now - (state.lastReadingAt ?? now)) / 1000;
  const reactionSeconds = tickSeconds + startSeconds + tuning.settleSeconds;
  const reaction = { reactionSeconds, rebalanceSeconds, objectiveSeconds };
  return rampsAfter(
    state.ramps,
    { at: now, arrivalRate: load.arrivalRate, capacity },
    reaction,
    tuning,
  );
}
