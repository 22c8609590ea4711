import type { Reason } from '../api/conditions.ts';
import { lastOf, type Steps } from './steps.ts';
import type { Step } from './types.ts';

export interface Explanation {
  readonly reason: Reason;
  readonly message: string;
}

/** What drives a change; every other reason only says how far it goes. */
const drivers: Readonly<Record<'up' | 'down', readonly Reason[]>> = {
  up: [
    'LagAboveTarget',
    'LoadAboveCapacity',
    'TimeLagAboveTarget',
    'CapacityUnknown',
    'ScheduledMinimum',
    'KeepAlive',
    'Overridden',
    'FallbackActive',
  ],
  down: [
    'LagBelowTarget',
    'LoadBelowCapacity',
    'CapacityUnknown',
    'IneffectiveScaleUp',
    'NotActive',
    'Overridden',
    'FallbackActive',
  ],
};

/** Steps and reasons that replace everything before them: only their words count. */
const final: readonly string[] = ['Hold', 'Fallback', 'Override', 'CoolingDown', 'NotActive'];

/**
 * The reason and the message a person on call reads first. A change is explained by what drives it, a
 * hold by the last step, which is the one that holds.
 */
export function explain(steps: Steps, current: number): Explanation {
  const last = lastOf(steps);
  const isFinal = final.includes(last.step) || final.includes(last.reason);
  const words = isFinal ? last.message : steps.map((s) => s.message).join('; ');
  if (last.to === current) return { reason: last.reason, message: `held at ${current}: ${words}` };
  const direction = last.to > current ? 'up' : 'down';
  const driver = steps.findLast((step) => drivers[direction].includes(step.reason));
  return { reason: (driver ?? last).reason, message: `${words}: ${current} → ${last.to}` };
}

/** The same when a veto of the owner keeps the decision from being applied. */
export function explainHandsOff(veto: Step, wish: Explanation): Explanation {
  if (veto.reason === 'Recommending' && veto.from === veto.to) return wish;
  return {
    reason: veto.reason,
    message: `${veto.message}, so nothing is written; ${wish.message}`,
  };
}
