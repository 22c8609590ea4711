import type { LagReading, ScaleEvent, TargetScale } from '../types.ts';
import { doubt } from './capacity.ts';
import type { ReplicaBounds } from './demand.ts';
import { isFrozen, notLonger } from './effect.ts';
import { excessLag, lagFloor } from './excess-lag.ts';
import { judged } from './judging.ts';
import type { Layout } from './layout.ts';
import { type Lesson, learnFrom } from './learning.ts';
import { busiestConsumerRate, type Load, loadOf, type PartitionLoad } from './load.ts';
import type { Objective } from './objective.ts';
import { longest } from './pauses.ts';
import { rampsAfter } from './ramp.ts';
import { type Regret, regretAfter, withoutRegret } from './regret.ts';
import { calmAfter, membersStayAway, type Settling, whyUnsettled } from './settled.ts';
import { capacityNow, demandAt, type Situation } from './situation.ts';
import type { Stalls } from './stalls.ts';
import type { Canary, SizingState } from './state.ts';
import { surgeAfter } from './surge.ts';
import { timingAfter, withoutStuck } from './timing.ts';
import type { Tuning } from './tuning.ts';
import { nothingWatched } from './watch.ts';

/** One tick as the strategy is shown it. */
export interface Scene {
  readonly now: number;
  readonly target: TargetScale;
  readonly reading: Extract<LagReading, { kind: 'observed' }>;
  readonly partitions: readonly PartitionLoad[];
  readonly stalls: Stalls;
  /** Every partition is known, and none began anew. */
  readonly complete: boolean;
  readonly layout: Layout;
  readonly bounds: ReplicaBounds;
  /** Why nobody reads; undefined while somebody does. */
  readonly stopped: string | undefined;
  /** Changes of ours. */
  readonly scaleEvents: readonly ScaleEvent[];
}

/** Understands a tick: estimates from the reading and from what was seen before it. */
export function observeSizing(scene: Scene, objective: Objective, before: SizingState): Situation {
  const { tuning } = objective;
  const { stalls } = scene;
  const state = seen(before, scene, objective);
  const settling = settlingOf(scene, state);
  const unsettled = whyUnsettled(settling, tuning);
  const lesson = lessonOf(scene, { state, stalls, unsettled }, objective);
  const load = withSurge(loadFor(scene, stalls, lesson, objective), state);
  const learned = { ...state, watch: lesson.watch, capacity: lesson.learned };
  const situation = situationOf(scene, objective, {
    state: learned,
    stalls,
    unsettled,
    load,
    lesson,
  });
  return { ...situation, state: concluded(situation, scene) };
}

/** The same without a reading: only the pods were seen, and the consumers may have changed meanwhile. */
export function sizingWhileBlind(
  before: SizingState,
  target: TargetScale,
  now: number,
): SizingState {
  const { calm } = before;
  const pods = podsOf(target, calm?.pods.partitions ?? 0);
  return { ...before, calm: calmAfter(calm, pods, now), watch: nothingWatched };
}

function seen(before: SizingState, scene: Scene, { tuning }: Objective): SizingState {
  const { now, target, partitions, reading, stalls } = scene;
  const isNewRollout = target.rollingOut && !before.rollingOut;
  const isLater = before.watchedSince !== undefined && before.watchedSince <= now;
  const timing = timingAfter(
    before,
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

function podsOf(target: TargetScale, partitions: number) {
  const { specReplicas, statusReplicas, readyReplicas } = target;
  return { specReplicas, statusReplicas, readyReplicas, partitions };
}

function arePodsReady({ specReplicas, readyReplicas, rollingOut }: TargetScale): boolean {
  return !rollingOut && (readyReplicas ?? specReplicas) === specReplicas;
}

function settlingOf({ now, target, reading, layout }: Scene, { calm }: SizingState): Settling {
  return {
    now,
    target,
    group: reading.group,
    layout,
    podsChangedAt: calm?.changedAt ?? now,
    membershipChangedAt: reading.trend.membershipChangedAt,
  };
}

interface Seen {
  readonly state: SizingState;
  readonly stalls: Stalls;
  readonly unsettled: string | undefined;
}

/** Nothing is learned from a gap, from members that are new, and while more replicas do not help. */
function lessonOf(scene: Scene, { state, stalls, unsettled }: Seen, objective: Objective): Lesson {
  const { tuning, capacityPerReplica: hint } = objective;
  const { now, partitions, reading, layout, target, complete } = scene;
  const isNew = undisturbedSeconds(scene, state, tuning) < tuning.capacityWindowSeconds;
  const before = complete ? state.watch : nothingWatched;
  return learnFrom(
    { watch: before, learned: state.capacity },
    {
      now,
      partitions,
      stalls,
      owners: reading.group?.assignments,
      replicas: target.specReplicas,
      threadsPerReplica: layout.threadsPerReplica,
      mayLearn: complete && !isNew && unsettled === undefined && !isFrozen(state.freeze, now),
      hint,
    },
    tuning,
  );
}

/** For how long the members have been the same and read: not yet in the pause after a change of them. */
function undisturbedSeconds({ now, reading }: Scene, state: SizingState, tuning: Tuning): number {
  const { membershipChangedAt = Number.NEGATIVE_INFINITY } = reading.trend;
  return (now - membershipChangedAt) / 1000 - longest(state.rebalance, tuning.rebalanceSeconds);
}

function loadFor(
  { partitions, reading, layout }: Scene,
  stalls: Stalls,
  { capacity: { perReplica } }: Lesson,
  objective: Objective,
): Load {
  const perConsumer = perReplica === undefined ? undefined : perReplica / layout.threadsPerReplica;
  return loadOf(partitions, stalls, reading.trend, perConsumer, objective);
}

function withSurge(load: Load, { surge }: SizingState): Load {
  const { arrivalRate } = load;
  if (arrivalRate === undefined || surge.rate === undefined) return load;
  return { ...load, arrivalRate: Math.max(arrivalRate, surge.rate) };
}

function situationOf(
  scene: Scene,
  objective: Objective,
  { state, stalls, unsettled, load, lesson }: Seen & { load: Load; lesson: Lesson },
): Situation {
  const { now, target, reading, layout, bounds, partitions } = scene;
  const { tuning } = objective;
  const commitSeconds = state.commits?.seconds ?? 0;
  const startSeconds = longest(state.start, tuning.startSeconds);
  const rebalanceSeconds = longest(state.rebalance, tuning.rebalanceSeconds);
  const settling = settlingOf(scene, state);
  return {
    now,
    current: target.specReplicas,
    objective,
    bounds,
    layout,
    load,
    excessLag: excessLag(
      load.lag,
      load.arrivalRate ?? 0,
      lagFloor(commitSeconds, objective.objectiveSeconds - rebalanceSeconds, tuning),
    ),
    capacity: lesson.capacity,
    busiestConsumer: busiestConsumerRate(
      reading.group?.assignments,
      withoutStuck(partitions, stalls),
    ),
    rebalanceSeconds,
    startSeconds,
    stalls,
    unsettled,
    stopped: scene.stopped ?? (reading.trend.stopped ? nobodyYet : undefined),
    membersMissing: whoIsAway(settling, startSeconds, scene, objective),
    allPodsReady: arePodsReady(target),
    watchedSeconds: (now - (state.watchedSince ?? now)) / 1000,
    ...timesSince(scene),
    state,
  };
}

/** Pods that have only just started have not shown yet what they can do, so they are not too few. */
const nobodyYet = 'there is lag, but no partition has been committed for more than a minute';

function whoIsAway(
  settling: Settling,
  startSeconds: number,
  { reading }: Scene,
  { tuning }: Objective,
): string | undefined {
  const { members = 0 } = reading.group ?? {};
  const { specReplicas, readyReplicas = specReplicas } = settling.target;
  const areAway = members > 0 && membersStayAway(settling, startSeconds, tuning);
  return areAway
    ? `${readyReplicas} pods are ready, but the group has ${members} members`
    : undefined;
}

function timesSince({ now, scaleEvents }: Scene): Pick<Situation, 'sinceChange' | 'sinceUp'> {
  const since = (event: ScaleEvent | undefined) =>
    event === undefined ? Number.POSITIVE_INFINITY : Math.max(0, now - event.at) / 1000;
  return {
    sinceChange: since(scaleEvents.at(-1)),
    sinceUp: since(scaleEvents.findLast(({ change }) => change > 0)),
  };
}

/** What the tick ends with: the verdict on the last scale-up, and what the next one starts from. */
function concluded(s: Situation, scene: Scene): SizingState {
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
