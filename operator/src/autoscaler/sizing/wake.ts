import type { Step } from '../types.ts';
import { demandOf } from './demand.ts';
import { type Situation, sizeForDemand } from './situation.ts';
import { perSecond, replicas, round } from './words.ts';

/**
 * From zero in one jump to the size that reads what arrives and drains what has come, also while the pods
 * still start. Without a capacity: the size from before.
 */
export function wakeUp(s: Situation): Step {
  const { capacity, load, state, bounds } = s;
  const { arrivalRate = 0, lag } = load;
  if (lag === 0) return step(1, 'CapacityUnknown', 'nothing waits: one replica to begin with');
  if (capacity.thisTick === undefined) {
    const to = Math.min(Math.max(1, state.lastSize), bounds.maxReplicas);
    const message = `${round(lag)} records wait, and it is not known yet what one replica can read: ${replicas(to)} as before`;
    return step(to, 'CapacityUnknown', message);
  }
  const { drainSeconds, maxGroupRate, tuning } = s.objective;
  const demand = demandOf(
    { arrivalRate, excessLag: lag },
    {
      utilization: tuning.targetUtilization,
      drainSeconds,
      rebalanceSeconds: s.startSeconds + s.rebalanceSeconds,
      maxGroupRate,
    },
  );
  const sizing = { utilization: tuning.targetUtilization, perReplica: capacity.thisTick };
  const { replicas: to } = sizeForDemand(s, demand, sizing);
  const message = `${round(lag)} records wait and ${perSecond(arrivalRate)} arrive: ${replicas(to)} of ${perSecond(capacity.thisTick)} each`;
  return step(to, 'LoadAboveCapacity', message);
}

function step(to: number, reason: Step['reason'], message: string): Step {
  return { step: 'Recommend', from: 0, to, reason, message };
}
