import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecordQueues } from './record-queues.ts';

const agesOf = (queues: RecordQueues) =>
  Object.fromEntries([...queues.ages.entries()].filter(([, records]) => records > 0));

test('records leave in the order in which they came, each with its own age', () => {
  const queues = new RecordQueues(1);
  for (const [second, records] of [5, 0, 7, 3].entries()) queues.arrive(0, second, records);
  expect(queues.oldestAge(0, 3)).toBe(3);
  queues.consume(0, 3, 9); // 5 of second 0, 4 of second 2
  expect(agesOf(queues)).toEqual({ 3: 5, 1: 4 });
  expect(queues.waiting(0)).toBe(6);
  expect(queues.oldestAge(0, 3)).toBe(1);
  queues.arrive(0, 4, 0);
  queues.consume(0, 4, 100); // more than there is
  expect(agesOf(queues)).toEqual({ 3: 5, 2: 3, 1: 7 });
  expect(queues.oldestAge(0, 4)).toBe(0);
});

test('a record that waits for hours keeps its age', () => {
  const queues = new RecordQueues(2);
  for (let second = 0; second <= 10_800; second++) {
    queues.arrive(0, second, second === 100 ? 2 : 1);
    queues.arrive(1, second, 1);
    queues.consume(1, second, 1);
  }
  expect(queues.oldestAge(0, 10_800)).toBe(10_800);
  queues.consume(0, 10_800, 103);
  expect(agesOf(queues)).toMatchObject({ 0: 10_801, 10800: 1, 10700: 2, 10699: 1 });
});

test('a topic that is created again has lost what was unread', () => {
  const queues = new RecordQueues(1);
  queues.arrive(0, 0, 9);
  queues.consume(0, 0, 4);
  expect(queues.restart()).toBe(5);
  queues.arrive(0, 1, 2);
  expect([queues.arrived[0], queues.waiting(0), queues.oldestAge(0, 3)]).toEqual([2, 2, 2]);
});

test('as a list of single records has it, whatever comes and goes', () => {
  const steps = fc.array(fc.tuple(fc.nat(5), fc.nat(6)), { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(steps, (seconds) => {
      const queues = new RecordQueues(1);
      const list: number[] = [];
      const ages: Record<number, number> = {};
      for (const [second, [arriving, taken]] of seconds.entries()) {
        queues.arrive(0, second, arriving);
        list.push(...new Array<number>(arriving).fill(second));
        queues.consume(0, second, taken);
        for (const at of list.splice(0, taken)) ages[second - at] = (ages[second - at] ?? 0) + 1;
        expect(queues.waiting(0)).toBe(list.length);
        expect(queues.oldestAge(0, second)).toBe(second - (list[0] ?? second));
      }
      expect(agesOf(queues)).toEqual(ages);
    }),
  );
});
