import { describe, expect, test } from 'vitest';
import { createCalendar } from './calendar.ts';

const at = (text: string) => Date.parse(text);
const offsets = (timeZone: string, now: string) =>
  createCalendar(() => at(now)).offsetsOf(timeZone);

describe('the offsets of a time zone', () => {
  test.for([
    ['UTC', 0],
    ['Europe/Berlin', 120],
    ['America/New_York', -240],
    ['Asia/Kolkata', 330],
    ['Asia/Kathmandu', 345],
  ] as const)('in June are those of summer: %s', ([timeZone, minutes]) => {
    expect(offsets(timeZone, '2026-06-10T12:00Z')?.map((o) => o.minutes)).toEqual([minutes]);
  });

  test.for([
    [
      'to the minute at which the clocks go forward',
      'Europe/Berlin',
      '2026-03-30T12:00Z',
      '2026-03-29T01:00Z',
      120,
    ],
    ['or back', 'Europe/Berlin', '2026-10-26T12:00Z', '2026-10-25T01:00Z', 60],
    ['also by half an hour', 'Australia/Lord_Howe', '2026-04-06T12:00Z', '2026-04-04T15:00Z', 630],
    ['an hour after it', 'Europe/Berlin', '2026-03-29T01:59Z', '2026-03-29T01:00Z', 120],
  ] as const)('%s', ([, timeZone, now, from, minutes]) => {
    expect(offsets(timeZone, now)?.at(-1)).toEqual({ from: at(from), minutes });
  });

  test('reach back as far as the longest floor', () => {
    const now = at('2026-06-10T12:00Z');
    const [first] = offsets('Europe/Berlin', '2026-06-10T12:00Z') ?? [];
    expect(now - (first?.from ?? now)).toBeGreaterThan(7 * 86_400_000);
  });

  test('are none for a zone that does not exist', () => {
    expect(offsets('Europe/Atlantis', '2026-06-10T12:00Z')).toBeUndefined();
  });

  test('follow the clock, hour by hour', () => {
    let now = at('2026-03-29T00:10Z');
    const calendar = createCalendar(() => now);
    const minutesNow = () => {
      const known = calendar.offsetsOf('Europe/Berlin') ?? [];
      return known.findLast(({ from }) => from <= now)?.minutes;
    };
    const seen = [minutesNow()];
    now = at('2026-03-29T00:59Z');
    seen.push(minutesNow());
    now = at('2026-03-29T01:00Z');
    seen.push(minutesNow());
    expect(seen).toEqual([60, 60, 120]);
  });
});
