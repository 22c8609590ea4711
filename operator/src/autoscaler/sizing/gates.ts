import type { Reason } from '../../api/conditions.ts';
import type { Step, TimedReplicas } from '../types.ts';
import { isFrozen } from './effect.ts';
import { usefulSizeAtLeast } from './layout.ts';
import { downWindow } from './regret.ts';
import type { Situation } from './situation.ts';
import type { Move } from './wish.ts';
import { round, seconds } from './words.ts';

/** What a gate is asked: a change, not the size that is there. */
export interface Request {
  readonly move: Move;
  readonly from: number;
  /** Sizes that were wished for before, and when. */
  readonly recommendations: readonly TimedReplicas[];
}

/** Why a change has to wait, or how far it may go; undefined lets it pass. */
type Gate = (request: Request, s: Situation) => Step | undefined;

const beforeUp: readonly Gate[] = [whileStopped, whileFrozen, untilSettledOrUrgent];
const beforeGuess: readonly Gate[] = [whileStopped, whileFrozen, untilPodsWork];
const beforeDown: readonly Gate[] = [
  untilSettled,
  whileFrozen,
  untilJudged,
  afterLastChange,
  throughWindow,
  whileSuspected,
  withinObjective,
  inSmallSteps,
];

const gates: Readonly<Record<Move, readonly Gate[]>> = {
  up: beforeUp,
  guess: beforeGuess,
  down: beforeDown,
  canary: beforeDown,
  revert: [], // what does harm is not waited for
  stay: [],
};

/** The steps that the gates add; the first that leads back to the current size is the last. */
export function pass(request: Request, s: Situation): readonly Step[] {
  const steps: Step[] = [];
  let { from } = request;
  for (const gate of gates[request.move]) {
    const step = gate({ ...request, from }, s);
    if (!step) continue;
    steps.push(step);
    from = step.to;
    if (from === s.current) break;
  }
  return steps;
}

function whileStopped({ from }: Request, s: Situation): Step | undefined {
  return s.stopped === undefined ? undefined : wait(s, from, 'GroupStopped', s.stopped);
}

function whileFrozen({ from }: Request, s: Situation): Step | undefined {
  const { freeze } = s.state;
  if (!freeze || !isFrozen(freeze, s.now)) return undefined;
  const left = seconds((freeze.until - s.now) / 1000);
  return wait(
    s,
    from,
    'Frozen',
    `the last scale-up did not help; for another ${left} nothing changes`,
  );
}

/** Lag that new pods have not touched yet would make the next step too large; unless it is large anyway. */
function untilSettledOrUrgent(request: Request, s: Situation): Step | undefined {
  const { emergencyFactor, minUpIntervalSeconds } = s.objective.tuning;
  const isUrgent = request.from >= s.current * emergencyFactor;
  if (isUrgent && s.sinceUp >= minUpIntervalSeconds) return undefined;
  if (isOverdue(s)) return undefined;
  if (s.unsettled !== undefined) return wait(s, request.from, 'Unsettled', s.unsettled);
  if (s.sinceChange >= minUpIntervalSeconds) return undefined;
  return wait(s, request.from, 'Unsettled', sinceChange(s));
}

/** Pods that never get ready must not hold back those that would: records are too old already. */
function isOverdue(s: Situation): boolean {
  const { objectiveSeconds, tuning } = s.objective;
  const hadTheirTime = s.sinceUp >= s.startSeconds + tuning.settleSeconds;
  return (
    !s.allPodsReady && !s.state.rollingOut && hadTheirTime && (s.load.age ?? 0) > objectiveSeconds
  );
}

function untilPodsWork({ from }: Request, s: Situation): Step | undefined {
  const { guessIntervalSeconds } = s.objective.tuning;
  if (!s.allPodsReady) return wait(s, from, 'Unsettled', 'not all pods are ready');
  return s.sinceUp >= guessIntervalSeconds ? undefined : wait(s, from, 'Unsettled', sinceChange(s));
}

function untilSettled({ from }: Request, s: Situation): Step | undefined {
  if (areReadyPodsEnough(from, s)) return undefined;
  return s.unsettled === undefined ? undefined : wait(s, from, 'Unsettled', s.unsettled);
}

/** Pods that do not get ready are no reason to keep those that are not needed. */
function areReadyPodsEnough(replicas: number, s: Situation): boolean {
  const { calm, rollingOut } = s.state;
  const { readyReplicas = 0 } = calm?.pods ?? {};
  const waitedSeconds = (s.now - (calm?.changedAt ?? s.now)) / 1000;
  const patienceSeconds = s.startSeconds + s.objective.tuning.missingMembersSeconds;
  return (
    !s.allPodsReady && !rollingOut && waitedSeconds > patienceSeconds && replicas <= readyReplicas
  );
}

function untilJudged({ from }: Request, s: Situation): Step | undefined {
  if (!s.state.effect) return undefined;
  return wait(s, from, 'Unsettled', 'the effect of the last scale-up is not known yet');
}

function afterLastChange({ from }: Request, s: Situation): Step | undefined {
  const { minDownIntervalSeconds } = s.objective.tuning;
  if (s.sinceChange >= minDownIntervalSeconds) return undefined;
  return wait(s, from, 'ScaleDownStabilized', sinceChange(s));
}

/** The largest size of the window decides: each removal stops the group for a moment. */
function throughWindow({ from, recommendations }: Request, s: Situation): Step | undefined {
  const downWindowSeconds = downWindow(s.state.regret, s.objective.tuning);
  const since = s.now - downWindowSeconds * 1000;
  const inWindow = recommendations.filter(({ at }) => at > since);
  const largest = Math.max(from, ...inWindow.map((entry) => entry.replicas));
  if (largest === from) return undefined;
  const to = Math.min(largest, s.current);
  const isLonger = s.state.regret.undone > 0;
  const why = isLonger ? ', and scale-downs had to be undone lately' : '';
  const message = `${to} were needed within the last ${downWindowSeconds} s${why}`;
  return { step: 'Stabilize', from, to, reason: 'ScaleDownStabilized', message };
}

function whileSuspected({ from }: Request, s: Situation): Step | undefined {
  const [partition] = s.stalls.suspected;
  if (partition === undefined) return undefined;
  return wait(s, from, 'PartitionSuspected', `partition ${partition} may be stuck`);
}

/** While the group deals out its partitions anew nobody reads. */
function withinObjective({ from }: Request, s: Situation): Step | undefined {
  const { objectiveSeconds, tuning } = s.objective;
  const { age } = s.load;
  if (age === undefined) return wait(s, from, 'ObjectiveAtRisk', 'the age of records is unknown');
  // Records are never younger than what is not committed yet: if a rebalance leaves no time for that, waiting
  // keeps nothing.
  const uncommittedSeconds = 2 * (s.state.commits?.seconds ?? 0);
  const youngest = Math.max(tuning.lagFloorSeconds, uncommittedSeconds);
  const isHopeless = s.rebalanceSeconds + youngest > objectiveSeconds;
  const isKept = isHopeless || age + s.rebalanceSeconds <= objectiveSeconds;
  const isYoung = age < Math.max(tuning.scaleDownAge * objectiveSeconds, uncommittedSeconds);
  if (isYoung && isKept) return undefined;
  const message = `records are ${seconds(age)} old, and a rebalance adds ${seconds(s.rebalanceSeconds)}`;
  return wait(s, from, 'ObjectiveAtRisk', message);
}

function inSmallSteps({ from }: Request, s: Situation): Step | undefined {
  const { maxDownFraction } = s.objective.tuning;
  const least = s.current - Math.floor(s.current * maxDownFraction);
  if (from >= least) return undefined;
  const to = Math.min(s.current, usefulSizeAtLeast(least, s.layout));
  const message = `not below ${to} in one step`;
  return { step: 'LimitStep', from, to, reason: 'ScaleDownLimit', message };
}

function sinceChange(s: Situation): string {
  return `the size was changed ${round(Math.floor(s.sinceChange))} s ago`;
}

function wait(s: Situation, from: number, reason: Reason, message: string): Step {
  return { step: 'Settle', from, to: s.current, reason, message };
}
