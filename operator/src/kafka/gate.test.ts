import { beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../controller/fakes.ts';
import { Gate } from './gate.ts';

let clock: FakeClock;
let gate: Gate;
let started: string[];
let leaves: Map<string, () => void>;

beforeEach(() => {
  clock = new FakeClock(0);
  gate = new Gate(clock, { windowMs: 5, batchSize: 2, patienceMs: 200 });
  started = [];
  leaves = new Map();
});

function come(...names: readonly string[]): void {
  for (const name of names) {
    const batch = gate.join();
    void batch.opened.then(() => {
      started.push(name);
      leaves.set(name, () => batch.leave());
    });
  }
}
async function after(ms: number): Promise<readonly string[]> {
  await clock.advance(ms);
  return started.splice(0);
}
const leave = (name: string) => leaves.get(name)?.();

test('those that come within the window start together', async () => {
  come('a');
  await clock.advance(4);
  come('b');
  expect(await after(0)).toEqual([]);
  expect(await after(1)).toEqual(['a', 'b']);
});

test('of more than fit the others start when those before have ended', async () => {
  come('a', 'b', 'c', 'd', 'e');
  expect(await after(5)).toEqual(['a', 'b']);
  leave('a');
  expect(await after(100)).toEqual([]);
  leave('b');
  expect(await after(1)).toEqual(['c', 'd']);
  leave('c');
  leave('d');
  expect(await after(1)).toEqual(['e']);
});

test('one that hangs holds the others up for the patience only', async () => {
  come('a', 'b', 'c', 'd', 'e');
  leave('a');
  expect(await after(5)).toEqual(['a', 'b']);
  expect(await after(199)).toEqual([]);
  expect(await after(1)).toEqual(['c', 'd']);
  // Who ends late does not count for those that started meanwhile.
  leave('a');
  leave('b');
  expect(await after(10)).toEqual([]);
  leave('c');
  leave('d');
  expect(await after(1)).toEqual(['e']);
});

test('who comes while others run waits for the window only', async () => {
  come('a');
  expect(await after(5)).toEqual(['a']);
  come('b');
  expect(await after(5)).toEqual(['b']);
});

test('no timer is left', async () => {
  come('a', 'b', 'c');
  await clock.advance(5);
  for (const name of ['a', 'b']) leave(name);
  await clock.advance(1);
  leave('c');
  expect(clock.timers).toBe(0);
});
