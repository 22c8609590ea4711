import { createTally, type LoadCounts } from './load-tally.ts';
import { type NameMix, nameUser } from './names.ts';
import type { LoadObserver } from './observer.ts';
import type { Schedule } from './schedule.ts';
import type { UserApi } from './user-api.ts';

export interface OpenLoopOptions {
  readonly schedule: Schedule;
  readonly api: UserApi;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** When the schedule began. */
  readonly startMs: number;
  readonly names: NameMix;
  /** The bound on requests in flight. */
  readonly maxConnections: number;
  /** A request that could not leave within this time after it was due never does. */
  readonly requestTimeoutMs: number;
  readonly observer?: LoadObserver;
  /** Aborted: what waits never leaves. */
  readonly giveUp?: AbortSignal;
}

export interface OpenLoop {
  /** Requests before this index of the schedule leave now; at the bound they wait for an answer to another. */
  sendUpTo(index: number): void;
  /** Resolves when nothing waits and nothing is in flight any more; nothing may be sent afterwards. */
  ended(): Promise<void>;
  counts(): LoadCounts;
  /** Since the start. */
  lastSentMs(): number;
}

export function createOpenLoop(options: OpenLoopOptions): OpenLoop {
  const { schedule, api, now, startMs, maxConnections, requestTimeoutMs, names } = options;
  const { observer = {} } = options;
  const tally = createTally();
  const idle = Promise.withResolvers<void>();
  let due = 0;
  let next = 0;
  let inFlight = 0;
  let lastSentAtMs = startMs;
  let ending = false;

  const dueAtMs = (index: number) => startMs + schedule.dueAtMs(index);

  const send = async (index: number): Promise<void> => {
    const request = { index, dueAtMs: dueAtMs(index), ...nameUser(index, names) };
    const sentAtMs = now();
    lastSentAtMs = sentAtMs;
    tally.sent(request, Math.max(0, sentAtMs - request.dueAtMs));
    observer.onSending?.(request);
    const outcome = await api.createUser(request.name);
    const answeredAtMs = now();
    const latencyMs = Math.max(0, answeredAtMs - request.dueAtMs);
    const answered = { ...request, ...outcome, sentAtMs, answeredAtMs, latencyMs };
    tally.answered(answered);
    observer.onAnswered?.(answered);
  };

  const leave = () => {
    inFlight += 1;
    void send(next).then(() => {
      inFlight -= 1;
      leaveLate();
      if (ending && inFlight === 0) idle.resolve();
    });
    next += 1;
  };

  const mayLeave = (index: number) =>
    !options.giveUp?.aborted && now() - dueAtMs(index) <= requestTimeoutMs;

  /** One answer has come: what waited longest may leave, unless it waited too long. */
  const leaveLate = () => {
    while (next < due && !mayLeave(next)) {
      tally.overload();
      next += 1;
    }
    if (next === due) return;
    tally.late();
    leave();
  };

  return {
    sendUpTo(index) {
      due = Math.max(due, index);
      while (next < due && inFlight < maxConnections) leave();
    },
    ended() {
      ending = true;
      if (inFlight === 0) idle.resolve();
      return idle.promise;
    },
    counts: tally.counts,
    lastSentMs: () => lastSentAtMs - startMs,
  };
}
