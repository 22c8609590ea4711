import { calendarDay, dayMs, minuteMs, toInstant, toLocal, type UtcOffsets } from './local-time.ts';

/** When something starts: the five fields of cron, each as the values it allows, ascending. */
export interface Schedule {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  readonly months: readonly number[];
  readonly weekdays: readonly number[];
  /** As in cron, a day counts if one of the two fields allows it, unless one of them is `*`. */
  readonly eitherDay: boolean;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const months = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
const weekdays = 'SUN MON TUE WED THU FRI SAT'.split(' ');
const fields = {
  minutes: { name: 'minute', min: 0, max: 59, names: [] },
  hours: { name: 'hour', min: 0, max: 23, names: [] },
  daysOfMonth: { name: 'day of month', min: 1, max: 31, names: [] },
  months: { name: 'month', min: 1, max: 12, names: months },
  weekdays: { name: 'day of week', min: 0, max: 7, names: weekdays }, // 0 and 7 are Sunday
} as const satisfies Record<string, Field>;

/** Why a text is no schedule, and what to write. */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
}

/**
 * The five fields of cron: minute, hour, day of month, month, day of week; each `*`, numbers, names,
 * ranges, steps and lists of them.
 * @throws ScheduleError naming the field
 */
export function parseSchedule(text: string): Schedule {
  const parts = text.trim().split(/\s+/);
  const [minute = '', hour = '', dayOfMonth = '', month = '', weekday = ''] = parts;
  if (parts.length !== 5)
    throw new ScheduleError('write five fields: minute, hour, day of month, month, day of week');
  const onWeekdays = parseField(weekday, fields.weekdays).map((day) => day % 7);
  return {
    minutes: parseField(minute, fields.minutes),
    hours: parseField(hour, fields.hours),
    daysOfMonth: parseField(dayOfMonth, fields.daysOfMonth),
    months: parseField(month, fields.months),
    weekdays: [...new Set(onWeekdays)].sort((a, b) => a - b),
    eitherDay: !dayOfMonth.startsWith('*') && !weekday.startsWith('*'),
  };
}

function parseField(text: string, field: Field): readonly number[] {
  const values = text.split(',').flatMap((part) => parsePart(part, field));
  return [...new Set(values)].sort((a, b) => a - b);
}

function parsePart(part: string, field: Field): readonly number[] {
  const match = /^(?:\*|([A-Z0-9]+)(?:-([A-Z0-9]+))?)(?:\/(\d{1,2}))?$/.exec(part.toUpperCase());
  if (!match) throw malformed(part, field);
  const [, from, to, every] = match;
  const step = every === undefined ? 1 : Number(every);
  const first = from === undefined ? field.min : numberOf(from, field);
  const last = from === undefined ? field.max : lastOf(first, to, every, field);
  if (step < 1 || last < first) throw malformed(part, field);
  const count = Math.floor((last - first) / step) + 1;
  return Array.from({ length: count }, (_, i) => first + i * step);
}

/** `5/15` goes on to the end of the field. */
function lastOf(
  first: number,
  to: string | undefined,
  every: string | undefined,
  field: Field,
): number {
  if (to !== undefined) return numberOf(to, field);
  return every === undefined ? first : field.max;
}

function numberOf(text: string, field: Field): number {
  const named = field.names.indexOf(text);
  const value = named >= 0 ? named + field.min : Number(text);
  if (!Number.isInteger(value) || value < field.min || value > field.max)
    throw malformed(text, field);
  return value;
}

function malformed(part: string, { name, min, max }: Field): ScheduleError {
  return new ScheduleError(`"${part}" is no ${name}: write ${min} to ${max}, a range, a list or *`);
}

/**
 * The last start that is not after a moment.
 * @param notBefore epoch milliseconds; earlier starts are not looked for
 */
export function lastStart(
  schedule: Schedule,
  offsets: UtcOffsets,
  now: number,
  notBefore: number,
): number | undefined {
  const today = Math.floor(toLocal(now, offsets) / dayMs) * dayMs;
  for (let day = today; day > notBefore - 2 * dayMs; day -= dayMs) {
    const start = allowsDay(schedule, day)
      ? lastStartOfDay(schedule, offsets, day, now)
      : undefined;
    if (start !== undefined) return start >= notBefore ? start : undefined;
  }
  return undefined;
}

function lastStartOfDay(
  schedule: Schedule,
  offsets: UtcOffsets,
  day: number,
  now: number,
): number | undefined {
  for (const minutes of startsOfDay(schedule)) {
    const start = toInstant(day + minutes * minuteMs, offsets);
    if (start <= now) return start;
  }
  return undefined;
}

function allowsDay(schedule: Schedule, local: number): boolean {
  const { month, day, weekday } = calendarDay(local);
  if (!schedule.months.includes(month)) return false;
  const dayFits = schedule.daysOfMonth.includes(day);
  const weekdayFits = schedule.weekdays.includes(weekday);
  return schedule.eitherDay ? dayFits || weekdayFits : dayFits && weekdayFits;
}

/** Minutes after midnight, the last first. */
function* startsOfDay({ hours, minutes }: Schedule): Generator<number> {
  for (const hour of hours.toReversed())
    for (const minute of minutes.toReversed()) yield hour * 60 + minute;
}
