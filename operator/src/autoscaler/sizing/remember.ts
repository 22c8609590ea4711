import { doubt } from './capacity.ts';
import { isFrozen, notLonger } from './effect.ts';
import type { Objective } from './objective.ts';
import { type Regret, regretAfter, withoutRegret } from './regret.ts';
import { podsOf, type Scene } from './scene.ts';
import { calmAfter } from './settled.ts';
import type { Canary, SizingState } from './state.ts';
import { surgeAfter } from './surge.ts';
import { timingAfter, withoutStuck } from './timing.ts';
import type { Tuning } from './tuning.ts';

/** The state with what this tick adds to it, before anything is judged. */
export function remember(before: SizingState, scene: Scene, { tuning }: Objective): SizingState {
  const { now, target, partitions, reading, stalls } = scene;
  const isNewRollout = target.rollingOut && !before.rollingOut;
  const isLater = before.watchedSince !== undefined && before.watchedSince <= now;
  // A change of the members from before anybody watched says nothing of how long one takes.
  const { membershipChangedAt } = before.watchedSince === undefined ? reading.trend : before;
  const timing = timingAfter(
    { ...before, membershipChangedAt },
    {
      now,
      partitions: withoutStuck(partitions, stalls),
      group: reading.group,
      membershipChangedAt: reading.trend.membershipChangedAt,
      readyPods: target.readyReplicas ?? target.statusReplicas,
    },
    tuning,
  );
  return {
    ...before,
    ...timing,
    calm: calmAfter(before.calm, podsOf(target, partitions.length), now),
    capacity: isNewRollout ? doubt(before.capacity) : before.capacity,
    rollingOut: target.rollingOut,
    canary: canaryAfter(before.canary, scene, tuning),
    surge: surgeAfter(before.surge, reading.partitions, now, tuning),
    regret: regretIn(scene, before, tuning),
    freeze: notLonger(before.freeze, now, tuning),
    lastSize: target.specReplicas > 0 ? target.specReplicas : before.lastSize,
    watchedSince: isLater ? before.watchedSince : now,
  };
}

function regretIn({ now, scaleEvents }: Scene, before: SizingState, tuning: Tuning): Regret {
  const { regret, freeze } = before;
  if (isFrozen(freeze, now)) return withoutRegret(regret, scaleEvents);
  return regretAfter(regret, scaleEvents, tuning);
}

/** A scale-up soon after a try means that the replica was needed. */
function canaryAfter(canary: Canary, { now, scaleEvents }: Scene, tuning: Tuning): Canary {
  const { triedAt } = canary;
  if (triedAt === undefined) return canary;
  const up = scaleEvents.find(({ at, change }) => change > 0 && at > triedAt);
  const isOver = up !== undefined || now - triedAt > tuning.canaryProofSeconds * 1000;
  const nextAt = up ? up.at + tuning.canaryWaitSeconds * 1000 : canary.nextAt;
  return isOver ? { nextAt, triedAt: undefined } : canary;
}
