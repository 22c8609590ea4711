import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { WorkConfig } from './config.ts';

export interface Work {
  /** The cost of one message. @throws when the worker thread broke down */
  run(): Promise<void>;
  close(): Promise<void>;
}

/** @param random uniformly 0 (included) to 1 (excluded) */
export function createWork(config: WorkConfig, random: () => number): Work {
  const durationMs = () => config.workMs + random() * config.jitterMs;
  return config.mode === 'cpu' ? burning(durationMs) : sleeping(durationMs);
}

function sleeping(durationMs: () => number): Work {
  return { run: () => sleep(durationMs()), close: async () => undefined };
}

/** In a thread of its own, so that heartbeats and probes go on; a new one follows one that broke. */
function burning(durationMs: () => number): Work {
  let worker: Worker | undefined;
  return {
    async run() {
      worker ??= new Worker(new URL('./burn.ts', import.meta.url));
      try {
        await burn(worker, durationMs());
      } catch (error) {
        worker = undefined;
        throw error;
      }
    },
    async close() {
      await worker?.terminate();
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
