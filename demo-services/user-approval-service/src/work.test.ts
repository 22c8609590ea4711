import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { createWork } from './work.ts';

test.for(['sleep', 'cpu'] as const)(
  '%s takes WORK_MS plus its share of the jitter',
  async (mode) => {
    const work = createWork({ mode, workMs: 30, jitterMs: 40 }, () => 0.5);
    await work.run(); // the first one starts the thread
    const from = performance.now();
    await work.run();
    expect(performance.now() - from).toBeGreaterThanOrEqual(48); // timers may fire a millisecond early
    await work.close();
  },
);

test('cpu leaves the event loop free for heartbeats and probes', async () => {
  const work = createWork({ mode: 'cpu', workMs: 200, jitterMs: 0 }, () => 0);
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  await work.run();
  clearInterval(timer);
  await work.close();
  expect(turns).toBeGreaterThan(5);
});

const cpu = { mode: 'cpu', workMs: 1, jitterMs: 0 } as const;
const works =
  "const { parentPort } = require('node:worker_threads');" +
  "parentPort.on('message', () => parentPort.postMessage('done'));";
const breaks =
  "require('node:worker_threads').parentPort.on('message', () => { throw new Error('broken'); });";
const ends = "require('node:worker_threads').parentPort.on('message', () => process.exit(7));";

/** Threads that run these programs, one after the other; the last one again and again. */
function threads(...programs: readonly [string, ...string[]]) {
  const started: Worker[] = [];
  const start = () => {
    const program = programs[Math.min(started.length, programs.length - 1)] ?? works;
    const worker = new Worker(program, { eval: true });
    started.push(worker);
    return worker;
  };
  return { started, start };
}

test.for([
  ['throws', breaks],
  ['ends', ends],
] as const)(
  'a thread that %s is followed by another, for the same message',
  async ([, program]) => {
    const { started, start } = threads(program, works);
    const work = createWork(cpu, () => 0, start);
    await work.run();
    await work.run();
    expect(started).toHaveLength(2);
    await work.close();
  },
);

test('a message is given up when the second thread breaks too', async () => {
  const { started, start } = threads(breaks);
  const work = createWork(cpu, () => 0, start);
  await expect(work.run()).rejects.toThrow('broken');
  expect(started).toHaveLength(2);
  await work.close();
});

test('a thread that ended between two messages is replaced', async () => {
  const { started, start } = threads(works);
  const work = createWork(cpu, () => 0, start);
  await work.run();
  await started[0]?.terminate();
  await work.run();
  expect(started).toHaveLength(2);
  await work.close();
});

test('nothing begins anew after the close', async () => {
  const { started, start } = threads('setInterval(() => undefined, 1_000)');
  const work = createWork(cpu, () => 0, start);
  const run = work.run();
  await Promise.all([expect(run).rejects.toThrow('ended'), work.close()]);
  expect(started).toHaveLength(1);
});
