import type { Reason } from '../../api/conditions.ts';
import type { Step } from '../types.ts';
import { isFrozen } from './effect.ts';
import { usefulSizeAtLeast } from './layout.ts';
import {
  ageAhead,
  capacityNow,
  drainsInTime,
  type Situation,
  sizeFor,
  utilizationOf,
} from './situation.ts';
import { percent, perSecond, replicas, round, seconds } from './words.ts';

/** What a wish is about: each has its own conditions before it is granted. */
export type Move =
  | 'up'
  | 'guess' // up, without knowing the capacity
  | 'down'
  | 'canary' // one less, to learn the capacity
  | 'revert' // a scale-up that did not help
  | 'stay';

/** The size that the load asks for, before anything that stands in the way. */
export interface Wish {
  readonly move: Move;
  readonly step: Step;
  /** What keeps the size from being large enough; undefined when it is. */
  readonly limit: Step | undefined;
}

type Rule = (s: Situation) => Wish | undefined;

/** The first rule with a wish wins. */
const rules: readonly Rule[] = [takeBack, scaleUp, guess, scaleDown, tryLess];

export function wishFor(s: Situation): Wish {
  for (const rule of rules) {
    const wish = rule(s);
    if (wish) return wish;
  }
  return stay(s);
}

/** More replicas read no more: what they wait for is elsewhere, and gets slower by each one. */
function takeBack(s: Situation): Wish | undefined {
  const { freeze } = s.state;
  if (freeze?.revertTo === undefined || !isFrozen(freeze, s.now)) return undefined;
  if (freeze.revertTo >= s.current) return undefined;
  const minutes = round((freeze.until - s.now) / 60_000);
  const message = `more replicas did not read more: back to ${freeze.revertTo}, no scale-up for ${minutes} min`;
  return wish(s, 'revert', freeze.revertTo, 'IneffectiveScaleUp', message);
}

function scaleUp(s: Situation): Wish | undefined {
  const { thisTick } = s.capacity;
  if (thisTick === undefined) return undefined;
  const cause = whyMore(s);
  if (!cause) return undefined;
  const { targetUtilization } = s.objective.tuning;
  const needed = sizeFor(s, { utilization: targetUtilization, perReplica: thisTick });
  // Several sizes may be equally fast: a scale-up never takes replicas away.
  const to = Math.max(needed.replicas, s.current);
  const message = `${cause.message}: ${replicas(to)} of ${perSecond(thisTick)} each`;
  const limit = limitOf(s, to, needed.limit);
  if (to === s.current && !limit) return undefined;
  return { ...wish(s, to > s.current ? 'up' : 'stay', to, cause.reason, message), limit };
}

interface Cause {
  readonly reason: Reason;
  readonly message: string;
}

/** Nothing is due while the objective can still be kept by acting later: many rises end before that. */
function whyMore(s: Situation): Cause | undefined {
  const { objective, load, excessLag } = s;
  const { objectiveSeconds, tuning } = objective;
  const ahead = ageAhead(s);
  if (ahead <= tuning.scaleUpAge * objectiveSeconds) return undefined;
  const used = utilizationOf(s) ?? 0;
  const then = `records would be ${seconds(ahead)} old before more replicas read, the objective is ${seconds(objectiveSeconds)}`;
  if (used > tuning.scaleUpUtilization) {
    const message = `${perSecond(load.arrivalRate ?? 0)} arrive, ${percent(used)} of what ${replicas(s.current)} can read; ${then}`;
    return { reason: 'LoadAboveCapacity', message };
  }
  if (excessLag <= 0 || drainsInTime(s)) return undefined;
  return { reason: 'TimeLagAboveTarget', message: `${backlog(s)}; ${then}` };
}

/** Without a capacity half as many more show what they can do; or all that are needed if they do what they once did. */
function guess(s: Situation): Wish | undefined {
  const { capacity, objective, load, excessLag, bounds } = s;
  const { objectiveSeconds, tuning } = objective;
  const isOld = (load.age ?? 0) > tuning.guessAge * objectiveSeconds && excessLag > 0;
  if (capacity.thisTick !== undefined || !isOld) return undefined;
  const more = usefulSizeAtLeast(Math.ceil(s.current * tuning.guessFactor), s.layout);
  const wanted = Math.max(more, neededAtLowerBound(s));
  const to = Math.max(s.current, Math.min(wanted, bounds.maxReplicas));
  if (to === s.current) return undefined;
  const message = `${backlog(s)}, and it is not known yet what one replica can read: ${replicas(to)} to find out`;
  return wish(s, 'guess', to, 'CapacityUnknown', message);
}

function neededAtLowerBound(s: Situation): number {
  const { lowerBound } = s.capacity;
  if (lowerBound === undefined) return 0;
  const { targetUtilization } = s.objective.tuning;
  return sizeFor(s, { utilization: targetUtilization, perReplica: lowerBound }).replicas;
}

function scaleDown(s: Situation): Wish | undefined {
  const sizing = sizingForLess(s);
  if (!sizing || s.load.arrivalRate === undefined) return undefined;
  const { replicas: to } = sizeFor(s, sizing);
  if (to >= s.current) return undefined;
  const { utilization, perReplica } = sizing;
  const message = `${perSecond(s.load.arrivalRate)} arrive: ${replicas(to)} of ${perSecond(perReplica)} can read them at ${percent(utilization)}`;
  return wish(s, 'down', to, 'LoadBelowCapacity', message);
}

/** Without a capacity what one replica did at least is good for a proof, too. */
function sizingForLess(s: Situation) {
  const { scaleDownUtilization, lowerBoundUtilization } = s.objective.tuning;
  const { thisTick, lowerBound } = s.capacity;
  if (thisTick !== undefined)
    return { utilization: scaleDownUtilization, perReplica: provenCapacity(s, thisTick) };
  if (lowerBound === undefined || !isCaughtUp(s)) return undefined;
  return { utilization: lowerBoundUtilization, perReplica: lowerBound };
}

/**
 * Consumers that have got slower for good show in the last sample long before it is the one in the middle:
 * after a scale-down that had to be undone it counts alone.
 */
function provenCapacity({ state, objective }: Situation, capacity: number): number {
  const { regret, capacity: learned } = state;
  const last = learned.samples.at(-1) ?? capacity;
  const isSlower = last < objective.tuning.slowerShare * capacity;
  return regret.undone > 0 && isSlower ? last : capacity;
}

/** A group that always keeps up never shows what it could do: one replica less does no great harm. */
function tryLess(s: Situation): Wish | undefined {
  const { capacity, objective, current, bounds, state, now } = s;
  const { canary } = objective.tuning;
  const isKnown = capacity.thisTick !== undefined || capacity.lowerBound === undefined;
  if (!canary || isKnown || !isCaughtUp(s)) return undefined;
  if (current - 1 < Math.max(1, bounds.minReplicas) || now < state.canary.nextAt) return undefined;
  const message = `no lag, and it is not known yet what one replica can read: try ${replicas(current - 1)}`;
  return wish(s, 'canary', current - 1, 'CapacityUnknown', message);
}

function isCaughtUp({ load, objective }: Situation): boolean {
  const { age } = load;
  return age !== undefined && age < objective.tuning.guessAge * objective.objectiveSeconds;
}

function stay(s: Situation): Wish {
  const { load, current } = s;
  const capacity = capacityNow(s);
  const arrive = `${perSecond(load.arrivalRate ?? 0)} arrive`;
  const can =
    capacity === undefined ? '' : `, ${replicas(current)} can read ${perSecond(capacity)}`;
  const message = `${arrive}${can}; ${ageOf(s)}`;
  const isLate = (load.age ?? 0) > s.objective.objectiveSeconds;
  const reason = isLate ? 'TimeLagAboveTarget' : 'WithinObjective';
  return wish(
    s,
    'stay',
    current,
    reason,
    isLate ? `${message}, which should drain in time` : message,
  );
}

function ageOf({ load }: Situation): string {
  if (load.age === undefined) return 'the age of the oldest unread record is unknown';
  return `the oldest unread record is ${seconds(load.age)} old`;
}

function backlog(s: Situation): string {
  return `${ageOf(s)} with ${round(s.excessLag)} records of backlog`;
}

function limitOf(s: Situation, to: number, limit: 'none' | 'partitions' | 'maxReplicas') {
  if (limit === 'none') return undefined;
  const [reason, why] =
    limit === 'partitions'
      ? (['PartitionLimited', 'the partitions keep no more replicas busy'] as const)
      : (['TooManyReplicas', `maxReplicas is ${s.bounds.maxReplicas}`] as const);
  return {
    step: 'Bound',
    from: to,
    to,
    reason,
    message: `that is not enough, but ${why}`,
  } as const;
}

function wish(s: Situation, move: Move, to: number, reason: Reason, message: string): Wish {
  const step: Step = { step: 'Recommend', from: s.current, to, reason, message };
  return { move, step, limit: undefined };
}
