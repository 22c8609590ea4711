import type { ScaleEvent, TargetScale } from '../types.ts';
import { conclude } from './conclude.ts';
import { isFrozen } from './effect.ts';
import { excessLag, lagFloor } from './excess-lag.ts';
import { type Lesson, learnFrom } from './learning.ts';
import { busiestConsumerRate, type Load, loadOf } from './load.ts';
import type { Objective } from './objective.ts';
import { longest } from './pauses.ts';
import { remember } from './remember.ts';
import { podsOf, type Scene, settlingOf, undisturbedSeconds } from './scene.ts';
import { calmAfter, membersStayAway, type Settling, whyUnsettled } from './settled.ts';
import type { Situation } from './situation.ts';
import type { Stalls } from './stalls.ts';
import type { SizingState } from './state.ts';
import { withoutStuck } from './timing.ts';
import { nothingWatched } from './watch.ts';

/** Understands a tick: estimates from the reading and from what was seen before it. */
export function observeSizing(scene: Scene, objective: Objective, before: SizingState): Situation {
  const { tuning } = objective;
  const { stalls } = scene;
  const state = remember(before, scene, objective);
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
  return { ...situation, state: conclude(situation, scene) };
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

function arePodsReady({ specReplicas, readyReplicas, rollingOut }: TargetScale): boolean {
  return !rollingOut && (readyReplicas ?? specReplicas) === specReplicas;
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
