import type { Step, TimedReplicas } from '../types.ts';
import { pass } from './gates.ts';
import type { Situation } from './situation.ts';
import { wakeUp } from './wake.ts';
import { wishFor } from './wish.ts';
import { seconds } from './words.ts';

/**
 * From the load to a size: what it asks for, what cuts that, and what it has to wait for.
 * @param recommendations sizes that were asked for before, and when
 */
export function sizeByTime(
  s: Situation,
  recommendations: readonly TimedReplicas[],
): readonly [Step, ...Step[]] {
  if (s.current === 0) return [wakeUp(s)];
  const early = whileWarmingUp(s);
  if (early) return [early];
  const { move, step, limit } = wishFor(s);
  const request = { move, from: step.to, recommendations };
  return [step, ...(limit ? [limit] : []), ...pass(request, s)];
}

function whileWarmingUp(s: Situation): Step | undefined {
  const { historySeconds } = s.objective.tuning;
  const isKnown = s.load.arrivalRate !== undefined;
  if (isKnown && s.watchedSeconds >= historySeconds) return undefined;
  const message = `watched for ${seconds(s.watchedSeconds)} of the ${seconds(historySeconds)} that rates need`;
  return { step: 'Settle', from: s.current, to: s.current, reason: 'WarmingUp', message };
}
