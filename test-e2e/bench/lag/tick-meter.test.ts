import { expect, test } from 'vitest';
import { TickMeter } from './tick-meter.ts';
import type { Tick } from './worker-protocol.ts';

/** A meter of two groups; `cpuMs` is what the process has used by then. */
function meterOfTwo() {
  const ticks: Tick[] = [];
  let reads = 0;
  const world = { ticks, cpuMs: 100, reads: () => reads };
  const events = { read: () => reads++, tick: (tick: Tick) => ticks.push(tick) };
  return { world, meter: new TickMeter(2, events, () => world.cpuMs) };
}
const complete = async () => true;

test('a tick costs what the process uses until the next begins', async () => {
  const { world, meter } = meterOfTwo();
  meter.countRequest('Metadata');
  await meter.reading(complete);
  await meter.reading(async () => false);
  expect(world.reads()).toBe(1);
  expect(world.ticks).toEqual([]); // what it does between two ticks is not known yet
  world.cpuMs = 130;
  await meter.reading(complete);
  world.cpuMs = 135;
  await meter.reading(complete);
  await meter.reading(complete);
  expect(world.ticks.map(({ cpuMs, requests, failed }) => ({ cpuMs, requests, failed }))).toEqual([
    { cpuMs: 130, requests: { Metadata: 1 }, failed: 1 },
    { cpuMs: 5, requests: {}, failed: 0 },
  ]);
});

test('a tick that the next one overtakes is told when its last reading has ended', async () => {
  const { world, meter } = meterOfTwo();
  const slow = Promise.withResolvers<boolean>();
  const late = meter.reading(() => slow.promise);
  await meter.reading(complete);
  await meter.reading(complete); // the next tick has begun
  expect(world.ticks).toEqual([]);
  slow.resolve(true);
  await late;
  expect(world.ticks).toHaveLength(1);
  expect(world.reads()).toBe(1);
});
