import { parentPort } from 'node:worker_threads';

// The worker thread of WORK_MODE=cpu: told how many milliseconds, it keeps a core busy for so long.
parentPort?.on('message', (durationMs: number) => {
  const until = performance.now() + durationMs;
  while (performance.now() < until);
  parentPort?.postMessage('done');
});
