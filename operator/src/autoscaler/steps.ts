import { remember } from './memory.ts';
import type { Link, Tick } from './tick.ts';
import type { Memory, Step } from './types.ts';

/** The steps of a decision so far, in order. */
export type Steps = readonly [Step, ...Step[]];

export function lastOf(steps: Steps): Step {
  return steps.at(-1) ?? steps[0];
}

/** Where the steps have led to. */
export function wishOf(steps: Steps): number {
  return lastOf(steps).to;
}

/** One more step, or none. */
export function append(steps: Steps, next: Step | undefined): Steps {
  return next ? [...steps, next] : steps;
}

/** Link by link; each is given where the ones before have led to. */
export function run(first: Steps, links: readonly Link[], tick: Tick): Steps {
  let steps: Steps = first;
  for (const link of links) steps = append(steps, link(wishOf(steps), tick));
  return steps;
}

/** The windows keep what lag asked for, before any limit, also when nothing changes. */
export function withRecommendation(memory: Memory, now: number, steps: Steps): Memory {
  const count = steps.findLast((s) => s.step === 'Recommend' || s.step === 'CapAtPartitions');
  if (!count) return memory;
  return { ...memory, recommendations: remember(memory.recommendations, now, count.to) };
}
