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
