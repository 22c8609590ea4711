import { pause } from '@lagscaler/demo-shared/time.ts';
import { createHttpClient, type Target } from './http-client.ts';
import type { LoadCounts } from './load-tally.ts';
import type { NameMix } from './names.ts';
import type { LoadObserver } from './observer.ts';
import { createOpenLoop } from './open-loop.ts';
import { createSchedule, type Profile, type Schedule } from './schedule.ts';
import { createUserApi, type UserApi } from './user-api.ts';

export interface LoadOptions {
  readonly target: Target;
  readonly profile: Profile;
  /** Infinity: until the signal aborts (constant profile). Steps have their own durations. */
  readonly durationMs: number;
  readonly names: NameMix;
  /** For one request, and for how long it may wait to be sent; default 30,000. */
  readonly requestTimeoutMs?: number;
  /** The bound on requests in flight, one per connection; default 2,000. */
  readonly maxConnections?: number;
  readonly observer?: LoadObserver;
  /** Ends the waiting for answers: requests in flight fail with `aborted`, those that wait never leave. */
  readonly giveUp?: AbortSignal;
  /** Called once with a function that tells the counts so far, while the load runs. */
  readonly onStarted?: (counts: () => LoadCounts) => void;
}

export const loadLimits = { requestTimeoutMs: 30_000, maxConnections: 2_000 };

export interface LoadReport extends LoadCounts {
  readonly target: string;
  readonly profile: Profile;
  readonly startedAt: string;
  /** From the start until the schedule ended or was cut short. */
  readonly durationMs: number;
  /** What the schedule asked for within that time. */
  readonly due: number;
  readonly requestedPerSecond: number;
  /** Requests sent, over the time until the schedule was over and the last of them had left. */
  readonly achievedPerSecond: number;
}

export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts; never rejects. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/** A timer beyond 2^31 ms fires at once (traps N1). */
const longestPauseMs = 60_000;

/**
 * Creates users at the times that the profile fixes, however slowly the server answers; latency counts
 * from when a request was due. An abort ends the schedule; what was due by then is still sent, and
 * every answer awaited, which takes at most twice the request timeout. Never throws for what the server
 * or the network does: the report tells.
 */
export async function generateLoad(options: LoadOptions, signal: AbortSignal): Promise<LoadReport> {
  const client = createHttpClient({ ...loadLimits, ...options });
  options.giveUp?.addEventListener('abort', client.close, { once: true });
  try {
    const clock = { now: () => performance.now(), pause };
    return await runLoad(options, createUserApi(client), clock, signal);
  } finally {
    options.giveUp?.removeEventListener('abort', client.close);
    client.close();
  }
}

/** The same on a given server and clock. */
export async function runLoad(
  options: LoadOptions,
  api: UserApi,
  clock: Clock,
  signal: AbortSignal,
): Promise<LoadReport> {
  const { profile, target } = options;
  const schedule = createSchedule(profile, options.durationMs);
  const startedAt = new Date().toISOString();
  const startMs = clock.now();
  const loop = createOpenLoop({
    ...loadLimits,
    ...options,
    schedule,
    api,
    now: clock.now,
    startMs,
  });
  options.onStarted?.(loop.counts);
  const sinceStart = { now: () => clock.now() - startMs, pause: clock.pause };
  const durationMs = await keepSchedule(schedule, loop.sendUpTo, sinceStart, signal);
  await loop.ended();
  const due = schedule.dueCount(durationMs);
  const counts = loop.counts();
  return {
    target: target.url,
    profile,
    startedAt,
    durationMs,
    due,
    requestedPerSecond: perSecond(due, durationMs),
    achievedPerSecond: perSecond(counts.sent, Math.max(durationMs, loop.lastSentMs())),
    ...counts,
  };
}

/** @returns how long the schedule ran, in milliseconds */
async function keepSchedule(
  schedule: Schedule,
  sendUpTo: (index: number) => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    const elapsedMs = Math.min(clock.now(), schedule.durationMs);
    const due = schedule.dueCount(elapsedMs);
    sendUpTo(due);
    if (signal.aborted || elapsedMs >= schedule.durationMs) return elapsedMs;
    const nextMs = Math.min(schedule.dueAtMs(due), schedule.durationMs);
    const waitMs = Math.min(nextMs - clock.now(), longestPauseMs);
    await clock.pause(Math.max(1, waitMs), signal);
  }
}

function perSecond(count: number, durationMs: number): number {
  return durationMs === 0 ? 0 : Math.round((count / durationMs) * 1e6) / 1e3;
}
