import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { WorkConfig } from './config.ts';

export interface Work {
  /** The cost of one message. @throws when two worker threads in a row broke down */
  run(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param random uniformly 0 (included) to 1 (excluded)
 * @param startWorker of `WORK_MODE=cpu`: a thread that burns, as `burn.ts` does
 */
export function createWork(
  config: WorkConfig,
  random: () => number,
  startWorker: () => Worker = () => new Worker(new URL('./burn.ts', import.meta.url)),
): Work {
  const durationMs = () => config.workMs + random() * config.jitterMs;
  return config.mode === 'cpu' ? burning(durationMs, startWorker) : sleeping(durationMs);
}

function sleeping(durationMs: () => number): Work {
  return { run: () => sleep(durationMs()), close: async () => undefined };
}

/** In a thread of its own, so that heartbeats and probes go on; a new one follows one that broke. */
function burning(durationMs: () => number, startWorker: () => Worker): Work {
  let current: Worker | undefined;
  let closed = false;
  const start = (): Worker => {
    const worker = startWorker();
    const forget = () => {
      if (current === worker) current = undefined;
    };
    // Also between two messages: nobody would hear of it, and the next message would wait for ever.
    worker.once('error', forget).once('exit', forget);
    current = worker;
    return worker;
  };
  return {
    async run() {
      const ms = durationMs();
      try {
        await burn(current ?? start(), ms);
      } catch (error) {
        if (closed) throw error;
        current = undefined;
        await burn(start(), ms); // the message is not to blame for what became of the thread
      }
    },
    async close() {
      closed = true;
      await current?.terminate();
    },
  };
}

function burn(worker: Worker, durationMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onExit = (code: number) => reject(new Error(`the worker thread ended with code ${code}`));
  worker.once('message', resolve).once('error', reject).once('exit', onExit);
  worker.postMessage(durationMs);
  return promise.finally(() => {
    worker.off('message', resolve).off('error', reject).off('exit', onExit);
  });
}
