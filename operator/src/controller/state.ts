import { initialMemory } from '../autoscaler/memory.ts';
import { OffsetHistory } from '../autoscaler/offset-history.ts';
import { learnedFrom } from '../autoscaler/sizing/pick-up.ts';
import type { Memory, TargetScale } from '../autoscaler/types.ts';
import { times } from './calendar.ts';
import type { Clock } from './clock.ts';
import type { Key, Scaler } from './ports.ts';
import type { Shortage } from './shortage.ts';

/** What the shell remembers of one scaler between two polls. */
export interface ScalerState {
  readonly uid: string;
  memory: Memory | undefined;
  /** Of the group that is read; another group or cluster has another one. */
  history: OffsetHistory;
  /** What `history` is about. */
  source: string;
  /** When a record was last asked for its timestamp, epoch milliseconds. */
  confirmedAt: number | undefined;
  /** Epoch milliseconds of the last status write. */
  publishedAt: number;
  /** Undefined while every replica of the target is ready. */
  shortage: Shortage | undefined;
  /** From the clock that never jumps to the wall clock at the last poll, ms: a step shows in it. */
  clockOffset: number;
  /** The pods of the target could not be looked at the last time it was tried. */
  podsUnknown: boolean;
}

export interface ScalerStates {
  /** A new resource of the same name starts without a memory. */
  of(scaler: Scaler): ScalerState;
  forget(key: Key): void;
}

/** A wall clock that was set by more is another clock; less is what keeping time takes. */
const clockStepMs = 10_000;

export function createScalerStates(onForget: (key: Key) => void, clock: Clock): ScalerStates {
  const states = new Map<Key, ScalerState>();
  const offset = () => clock.now() - clock.monotonic();
  return {
    of(scaler) {
      const known = states.get(scaler.key);
      if (known?.uid === scaler.uid) return readingOf(onSameClock(known, offset()), scaler);
      if (known) onForget(scaler.key);
      const state: ScalerState = {
        uid: scaler.uid,
        memory: undefined,
        history: new OffsetHistory(),
        source: sourceOf(scaler),
        confirmedAt: undefined,
        publishedAt: 0,
        shortage: undefined,
        clockOffset: offset(),
        podsUnknown: false,
      };
      states.set(scaler.key, state);
      return state;
    },
    forget(key) {
      states.delete(key);
      onForget(key);
    },
  };
}

/**
 * Windows and cooldowns count wall-clock time, so that they survive a restart: after a step they start
 * again as after one, or all of them would be over at once.
 */
function onSameClock(state: ScalerState, clockOffset: number): ScalerState {
  const isOther = Math.abs(clockOffset - state.clockOffset) > clockStepMs;
  state.clockOffset = clockOffset;
  if (!isOther) return state;
  state.memory = undefined;
  state.publishedAt = 0;
  return withoutPast(state);
}

/** Offsets of another group have nothing to do with those before. */
function readingOf(state: ScalerState, scaler: Scaler): ScalerState {
  const source = sourceOf(scaler);
  if (state.source === source) return state;
  state.source = source;
  return withoutPast(state);
}

function withoutPast(state: ScalerState): ScalerState {
  state.history = new OffsetHistory();
  state.confirmedAt = undefined;
  return state;
}

function sourceOf({ spec }: Scaler): string {
  const { group, isolationLevel } = spec.consumer;
  return [group, isolationLevel, ...spec.kafka.bootstrapServers].join();
}

/**
 * The first memory after a start: windows full of the current replicas, so that a restart causes no
 * fall, and what the status keeps: the scalings of status.history, so that rate policies go on counting,
 * and what sizing.timeLag has learned.
 */
export function seedMemory(scaler: Scaler, target: TargetScale, now: number): Memory {
  const scaleEvents = (scaler.status?.history ?? []).map((entry) => ({
    at: Date.parse(entry.time),
    change: entry.to - entry.from,
  }));
  const { sizing, latched, recommendations } = learnedFrom(scaler.status?.learned, now, times);
  const seed = initialMemory({ now, replicas: target.specReplicas, scaleEvents, latched, sizing });
  return {
    ...seed,
    ...(recommendations && { recommendations }),
    ...(target.specReplicas === 0 && { lastActiveAt: asleepSince(scaler, now) }),
  };
}

/** How long a group has been at zero counts on: its commits expire one day. */
function asleepSince({ status }: Scaler, now: number): number {
  const since = Date.parse(status?.lastActiveTime ?? '');
  return Number.isNaN(since) ? now : Math.min(since, now);
}
