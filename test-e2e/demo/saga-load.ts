import { type FollowReport, followOperations } from '@lagscaler/loadgen/follow-operations.ts';
import { generateLoad, type LoadReport } from '@lagscaler/loadgen/generate-load.ts';
import { defaultNames } from '@lagscaler/loadgen/names.ts';
import type { Accepted } from '../saga-posts.ts';
import type { SagaTime } from './recording.ts';

export type SagaLoad = ReturnType<typeof startSagaLoad>;

export interface SagaLoadResult {
  readonly load: readonly LoadReport[];
  readonly followed: FollowReport;
  /** Times count from `startedAtMs`, as the recorder's do. */
  readonly sagas: readonly SagaTime[];
  /** Names by operation. */
  readonly accepted: Accepted;
}

/**
 * Users through HTTP, a tenth of them to be rejected, each followed to the end of its SAGA.
 * @param startedAtMs of `performance.now()`: what times of SAGAs count from
 */
export function startSagaLoad(url: string, usersPerSecond: number, startedAtMs: number) {
  const target = { url };
  const sagas: SagaTime[] = [];
  const accepted: Accepted = new Map();
  const follower = followOperations({
    target,
    onSettled: ({ dueAtMs, sagaMs }) =>
      sagas.push({ dueAtMs: dueAtMs - startedAtMs, durationMs: sagaMs }),
  });
  const start = (ratePerSecond: number) => {
    const ended = new AbortController();
    const report = generateLoad(
      {
        target,
        profile: { kind: 'constant', ratePerSecond },
        durationMs: Number.POSITIVE_INFINITY,
        names: defaultNames,
        observer: {
          onAnswered(answered) {
            if (answered.uuid !== undefined) accepted.set(answered.uuid, answered.name);
            follower.observer.onAnswered(answered);
          },
        },
      },
      ended.signal,
    );
    return { report, end: () => ended.abort() };
  };
  const reports: Promise<LoadReport>[] = [];
  let current = start(usersPerSecond);
  const end = () => {
    current.end();
    reports.push(current.report);
  };
  let stopped: Promise<unknown> | undefined;
  return {
    /** From now on at this rate; answers still awaited hold nothing up. */
    change(ratePerSecond: number): void {
      end();
      current = start(ratePerSecond);
    },
    /** Nothing more is sent; what was sent is answered. */
    async stop(): Promise<void> {
      if (!stopped) end();
      stopped ??= Promise.all(reports);
      await stopped;
    },
    /** Waits for the end of every SAGA, at most `withinMs`; only after `stop`. */
    async result(withinMs: number): Promise<SagaLoadResult> {
      const followed = await follower.settled(AbortSignal.timeout(withinMs));
      await follower.stop();
      return { load: await Promise.all(reports), followed, sagas, accepted };
    },
    close: () => follower.stop(),
  };
}
