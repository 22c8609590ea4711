import { createLog } from '@lagscaler/demo-shared/log.ts';
import { expect, test, vi } from 'vitest';
import { startSweeper } from './sweeper.ts';

/** A turn as all replicas share it. */
function fakeTurn() {
  let due = 0;
  return {
    next: () => due,
    async take(now: number, next: number) {
      if (now < due) return false;
      due = next;
      return true;
    },
    async postpone(next: number) {
      due = next;
    },
  };
}

const common = { notReady: () => undefined, log: createLog('silent', {}) };

test('of several replicas one sweeps in each interval', async () => {
  const turn = fakeTurn();
  const taken: number[] = [];
  const replicas = Array.from({ length: 5 }, () =>
    startSweeper({
      ...common,
      turn,
      everyMs: 40,
      sweep: async (now) => void taken.push(now),
    }),
  );
  await vi.waitFor(() => expect(taken.length).toBeGreaterThan(3));
  await Promise.all(replicas.map((replica) => replica.stop()));
  for (const [i, at] of taken.slice(1).entries()) {
    expect(at - (taken[i] ?? 0)).toBeGreaterThanOrEqual(40);
  }
});

test('a sweep that fails is followed by another', async () => {
  let sweeps = 0;
  const sweeper = startSweeper({
    ...common,
    turn: fakeTurn(),
    everyMs: 5,
    sweep: async () => {
      sweeps += 1;
      throw new Error('down');
    },
  });
  await vi.waitFor(() => expect(sweeps).toBeGreaterThan(2));
  await sweeper.stop();
});

test('after a slow sweep the next one is far off', async () => {
  const turn = fakeTurn();
  const sweeper = startSweeper({
    ...common,
    turn,
    everyMs: 5,
    sweep: () => new Promise((resolve) => setTimeout(resolve, 60)),
  });
  await vi.waitFor(() => expect(turn.next() - Date.now()).toBeGreaterThan(300));
  await sweeper.stop();
});

test('a stop asks the sweep in hand to end', async () => {
  const seen: string[] = [];
  const sweeper = startSweeper({
    ...common,
    turn: fakeTurn(),
    everyMs: 5,
    async sweep(_now, stopping) {
      seen.push('begun');
      await new Promise((resolve) => stopping.addEventListener('abort', resolve));
    },
  });
  await vi.waitFor(() => expect(seen).toEqual(['begun']));
  await sweeper.stop();
  expect(seen).toEqual(['begun']);
});

test('a stop waits for the sweep in hand', async () => {
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  const sweeper = startSweeper({
    ...common,
    turn: fakeTurn(),
    everyMs: 5,
    async sweep() {
      seen.push('begun');
      await gate.promise;
      seen.push('ended');
    },
  });
  await vi.waitFor(() => expect(seen).toEqual(['begun']));
  const stopped = sweeper.stop().then(() => seen.push('stopped'));
  gate.resolve();
  await stopped;
  expect(seen).toEqual(['begun', 'ended', 'stopped']);
});
