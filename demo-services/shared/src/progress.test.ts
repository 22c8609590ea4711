import { expect, test } from 'vitest';
import { createProgress } from './progress.ts';

function setUp() {
  const clock = { now: 0 };
  return {
    clock,
    progress: createProgress(
      () => 30_000,
      () => clock.now,
    ),
  };
}

test('a loop that polls is alive, one that stopped polling is not', () => {
  const { clock, progress } = setUp();
  clock.now = 30_000;
  expect(progress.stalled()).toBeUndefined();
  clock.now = 30_001;
  expect(progress.stalled()).toBe('no poll and no message for 30001 ms');
  progress.mark();
  expect(progress.stalled()).toBeUndefined();
});

test('a message that never ends is a stall although other partitions are polled', () => {
  const { clock, progress } = setUp();
  const working = progress.begin();
  clock.now = 40_000;
  progress.mark();
  expect(progress.stalled()).toBe('the message in hand has not ended for 40000 ms');
  working.end();
  expect(progress.stalled()).toBeUndefined();
});

test('an answer that is tried again and again is no stall, however long Kafka is away', () => {
  const { clock, progress } = setUp();
  const answering = progress.begin();
  for (let minute = 0; minute < 10; minute += 1) {
    clock.now += 20_000;
    answering.renew();
    expect(progress.stalled()).toBeUndefined();
  }
});
