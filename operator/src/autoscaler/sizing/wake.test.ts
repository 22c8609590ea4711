import { expect, test } from 'vitest';
import { calm } from './fixtures.ts';
import type { Situation } from './situation.ts';
import { initialState } from './state.ts';
import { wakeUp } from './wake.ts';

const unknown = { perReplica: undefined, thisTick: undefined, lowerBound: undefined };
const asleep: Situation = { ...calm, current: 0, state: { ...initialState, lastSize: 12 } };
const waiting = (lag: number, arrivalRate: number) => ({
  load: { ...calm.load, lag, arrivalRate, busiestRate: 0, averageRate: 0 },
});

test.for<[string, Partial<Situation>, number]>([
  ['to what reads the arrivals and drains what waits', waiting(120_000, 4000), 8], // 4000 + (120 000 + 34 s × 4000) / 120 = 6133
  ['to the size from before, while nobody knows what one can read', { capacity: unknown }, 12],
  ['to one, when nothing waits', { capacity: unknown, ...waiting(0, 0) }, 1],
])('from zero in one jump %s', ([, change, to]) => {
  expect(wakeUp({ ...asleep, ...change }).to).toBe(to);
});
