import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calendarDay, toInstant, toLocal, type UtcOffsets, utc } from './local-time.ts';
import { lastStart, parseSchedule, ScheduleError } from './schedule.ts';

const at = (text: string) => Date.parse(text);
const hour = 3_600_000;

/** Berlin around the changes of the clocks of 2026: at 01:00 UTC on 29 March and on 25 October. */
const spring: UtcOffsets = [
  { from: at('2026-03-20T00:00Z'), minutes: 60 },
  { from: at('2026-03-29T01:00Z'), minutes: 120 },
];
const autumn: UtcOffsets = [
  { from: at('2026-10-20T00:00Z'), minutes: 120 },
  { from: at('2026-10-25T01:00Z'), minutes: 60 },
];

describe('the last start of a schedule', () => {
  test.for([
    ['of today', '45 1 * * *', utc, '2026-06-10T09:00Z', '2026-06-10T01:45Z'],
    ['of this very minute', '45 1 * * *', utc, '2026-06-10T01:45Z', '2026-06-10T01:45Z'],
    [
      'of yesterday, when it comes later today',
      '0 22 * * *',
      utc,
      '2026-06-10T09:00Z',
      '2026-06-09T22:00Z',
    ],
    [
      'the latest of several hours',
      '0 6,12,18 * * *',
      utc,
      '2026-06-10T13:00Z',
      '2026-06-10T12:00Z',
    ],
    ['of a step', '*/20 * * * *', utc, '2026-06-10T13:59Z', '2026-06-10T13:40Z'],
    ['of Friday, on a Sunday', '0 8 * * MON-FRI', utc, '2026-06-14T09:00Z', '2026-06-12T08:00Z'],
    ['on Sunday as 7', '0 8 * * 7', utc, '2026-06-14T09:00Z', '2026-06-14T08:00Z'],
    [
      'of a day of the month or a weekday',
      '0 8 13 * 5',
      utc,
      '2026-06-13T09:00Z',
      '2026-06-13T08:00Z',
    ],
    ['of a month by name', '0 8 * JUN *', utc, '2026-06-13T09:00Z', '2026-06-13T08:00Z'],
    ['by the clock of the place', '0 8 * * *', spring, '2026-03-28T07:30Z', '2026-03-28T07:00Z'],
    [
      'after the clocks went forward',
      '0 8 * * *',
      spring,
      '2026-03-30T07:30Z',
      '2026-03-30T06:00Z',
    ],
    [
      'near an hour that is left out',
      '30 2 * * *',
      spring,
      '2026-03-29T05:00Z',
      '2026-03-29T00:30Z',
    ],
    [
      'the first of an hour that comes twice',
      '30 2 * * *',
      autumn,
      '2026-10-25T03:00Z',
      '2026-10-25T00:30Z',
    ],
  ] as const)('%s', ([, text, offsets, now, expected]) => {
    const start = lastStart(parseSchedule(text), offsets, at(now), at(now) - 72 * hour);
    expect(start && new Date(start).toISOString()).toBe(new Date(expected).toISOString());
  });

  test('is not looked for before the given time', () => {
    const now = at('2026-06-10T09:00Z');
    expect(lastStart(parseSchedule('45 1 * * *'), utc, now, now - hour)).toBeUndefined();
  });

  test('is never found on a day that does not exist', () => {
    const now = at('2026-06-10T09:00Z');
    expect(lastStart(parseSchedule('0 0 31 2 *'), utc, now, now - 168 * hour)).toBeUndefined();
  });
});

describe('a schedule', () => {
  test.for([
    ['needs five fields', '* * * *', 'five fields'],
    ['has no minute 60', '60 * * * *', '"60" is no minute'],
    ['has no hour 24', '0 24 * * *', '"24" is no hour'],
    ['has no day 0', '0 0 0 * *', '"0" is no day of month'],
    ['has no month 13', '0 0 * 13 *', '"13" is no month'],
    ['has no weekday 8', '0 0 * * 8', '"8" is no day of week'],
    ['has no reversed range', '0 18-6 * * *', '"18-6" is no hour'],
    ['has no step of 0', '*/0 * * * *', '"*/0" is no minute'],
    ['has no other words', '0 0 * * FREITAG', '"FREITAG" is no day of week'],
  ] as const)('%s', ([, text, problem]) => {
    expect(() => parseSchedule(text)).toThrow(ScheduleError);
    expect(() => parseSchedule(text)).toThrow(problem);
  });

  test('counts a step on from its start', () => {
    expect(parseSchedule('5/15 0 * * *').minutes).toEqual([5, 20, 35, 50]);
  });
});

test('the calendar agrees with that of the runtime', () =>
  fc.assert(
    fc.property(fc.integer({ min: -4e12, max: 8e12 }), (ms) => {
      const date = new Date(ms);
      expect(calendarDay(ms)).toEqual({
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
        weekday: date.getUTCDay(),
      });
    }),
  ));

test('a moment and what the clock shows at it belong together', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: at('2026-03-21T00:00Z'), max: at('2026-04-10T00:00Z') }),
      (ms) => {
        expect(toInstant(toLocal(ms, spring), spring)).toBe(ms);
      },
    ),
  ));
