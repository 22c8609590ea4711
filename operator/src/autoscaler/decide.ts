import * as zero from './activation.ts';
import { bound } from './bound.ts';
import { capAtPartitions } from './cap.ts';
import { explain, explainHandsOff } from './explain.ts';
import { holdOrFallBack } from './fallback.ts';
import { override } from './override.ts';
import { limitRate, unlessDisabled } from './rate-policies.ts';
import { recommend } from './recommend.ts';
import { sizeByTime } from './sizing/decide-by-time.ts';
import { noticesOf, stalledNotice } from './sizing/notices.ts';
import { stabilize } from './stabilize.ts';
import { append, run, type Steps, wishOf, withRecommendation } from './steps.ts';
import { beginTick, type Link, type Tick } from './tick.ts';
import type { Decision, Observation } from './types.ts';
import { holdWhileUnschedulable } from './unschedulable.ts';
import { keepHandsOff, vetoScaleIn } from './vetoes.ts';

/** What follows the recommendation and its cap; the jumps from and to zero skip windows and policies. */
const chains: Readonly<Record<zero.Phase, readonly Link[]>> = {
  alwaysOn: [stabilize, limitRate, bound],
  working: [zero.atLeastMinActive, stabilize, limitRate, bound],
  keptAlive: [zero.keepOne, stabilize, limitRate, bound],
  coolingDown: [zero.coolDown, bound],
  goingToZero: [zero.goToZero, unlessDisabled, bound],
  asleep: [zero.stayAtZero],
  wakingUp: [zero.atLeastMinActive, unlessDisabled, bound],
  starting: [zero.keepOne, unlessDisabled, bound],
  refreshing: [zero.refresh, unlessDisabled, bound],
};

/**
 * The replicas a group should have now, and why. Pure and total: the same observation gives the same
 * decision, and none throws. What `afterWrite` makes of it is the memory of the next tick.
 */
export function decide(observation: Observation): Decision {
  const tick = beginTick(observation);
  const byLag = tick.lag === undefined ? ([holdOrFallBack(tick)] as const) : sized(tick);
  const wished = append(byLag, override(wishOf(byLag), tick));
  return conclude(wished, tick);
}

/** From lag to replicas: what the strategy asks for, then what is the same for both. */
function sized(tick: Tick): Steps {
  const links = [
    capAtPartitions,
    ...chains[zero.phaseOf(tick)],
    holdWhileUnschedulable,
    vetoScaleIn,
  ];
  return run(strategy(tick), links, tick);
}

function strategy(tick: Tick): Steps {
  const { policy, situation, memory } = tick;
  if (policy.sizing.kind === 'lagPerReplica') return [recommend(tick, policy.sizing.lagPerReplica)];
  return situation ? sizeByTime(situation, memory.recommendations) : [holdOrFallBack(tick)];
}

function noticesFor({ stalls, owners, situation }: Tick): Decision['notices'] {
  const stuck = stalledNotice(stalls, owners);
  return [...(stuck ? [stuck] : []), ...(situation ? noticesOf(situation) : [])];
}

/** The owner's veto comes last, so that the steps still show what it keeps from happening. */
function conclude(wished: Steps, tick: Tick): Decision {
  const { current, group, memory, now } = tick;
  const veto = keepHandsOff(wishOf(wished), tick);
  const wish = explain(wished, current);
  const isShown = veto === undefined || veto.reason === 'Recommending';
  const desiredReplicas = isShown ? wishOf(wished) : current;
  return {
    desiredReplicas,
    action: veto === undefined && desiredReplicas !== current ? 'scale' : 'hold',
    ...(veto ? explainHandsOff(veto, wish) : wish),
    steps: append(wished, veto),
    lag: group,
    notices: noticesFor(tick),
    capacityPerReplica: tick.situation?.capacity.perReplica,
    memory: withRecommendation(memory, now, wished),
  };
}
