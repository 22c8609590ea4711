import type { Logger } from './log.ts';
import { orAborted } from './time.ts';

export interface RunningService {
  /** Begins the shutdown; resolves when it is over. Calling it again only waits. */
  stop(): Promise<void>;
  /** The exit code: 0 after a clean stop, 1 when something was left undone. */
  readonly exited: Promise<number>;
}

export interface ShutdownOptions {
  readonly timeoutMs: number;
  /** In the order in which they must end. */
  readonly steps: readonly (() => Promise<void>)[];
  /** Aborted when the time is over: whatever still waits gives up. */
  readonly giveUp: AbortController;
  readonly log: Logger;
}

export function createRunningService(options: ShutdownOptions): RunningService {
  const exit = Promise.withResolvers<number>();
  let stopped: Promise<void> | undefined;
  return {
    exited: exit.promise,
    stop() {
      stopped ??= shutDown(options).then(exit.resolve);
      return stopped;
    },
  };
}

async function shutDown({ timeoutMs, steps, giveUp, log }: ShutdownOptions): Promise<number> {
  const startedAt = performance.now();
  const timer = setTimeout(() => giveUp.abort(new Error('the shutdown took too long')), timeoutMs);
  let code = 0;
  for (const step of steps) {
    try {
      await orAborted(step(), giveUp.signal);
    } catch (error) {
      code = 1;
      log.error({ err: error }, 'shutdown step failed');
    }
  }
  clearTimeout(timer);
  log.info({ code, durationMs: Math.round(performance.now() - startedAt) }, 'stopped');
  return code;
}
