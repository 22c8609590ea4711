import { expect, test } from 'vitest';
import { type Floor, rangeAt } from './floors.ts';
import { utc } from './local-time.ts';
import { parseSchedule } from './schedule.ts';

const floor = (text: string, hours: number, bounds: Partial<Floor>): Floor => ({
  text,
  schedule: parseSchedule(text),
  durationMs: hours * 3_600_000,
  minReplicas: undefined,
  maxReplicas: undefined,
  timeZone: 'UTC',
  offsets: utc,
  ...bounds,
});
const night = floor('0 2 * * *', 1, { minReplicas: 8 });
const day = floor('0 6 * * *', 12, { maxReplicas: 4 });
const always = floor('* * * * *', 1, { minReplicas: 6 });

const at = (time: string) => Date.parse(`2026-06-10T${time}Z`);

test.for([
  ['outside of it the spec holds', [night], '01:59', 1, 20],
  ['from its start on', [night], '02:00', 8, 20],
  ['to the last moment', [night], '02:59', 8, 20],
  ['but not at its end', [night], '03:00', 1, 20],
  ['a ceiling', [day], '12:00', 1, 4],
  ['the largest of two floors', [night, always], '02:30', 8, 20],
  ['where they disagree more replicas win', [day, always], '12:00', 6, 6],
  [
    'never more than maxReplicas of the spec',
    [floor('* * * * *', 1, { minReplicas: 99 })],
    '12:00',
    20,
    20,
  ],
] as const)('%s', ([, floors, time, minReplicas, maxReplicas]) => {
  const range = rangeAt({ minReplicas: 1, maxReplicas: 20, floors }, at(time));
  expect(range).toMatchObject({ minReplicas, maxReplicas });
});

test('says whose bound it is', () => {
  const inside = rangeAt({ minReplicas: 1, maxReplicas: 20, floors: [night] }, at('02:30'));
  expect(inside).toMatchObject({
    minFrom: 'floor "0 2 * * *" UTC asks for 8',
    maxFrom: 'maxReplicas is 20',
    isScheduled: { min: true, max: false },
  });
});

test('a floor that is lower than minReplicas changes nothing', () => {
  const range = rangeAt({ minReplicas: 9, maxReplicas: 20, floors: [night] }, at('02:30'));
  expect(range).toMatchObject({ minReplicas: 9, isScheduled: { min: false } });
});
