import type { Calendar } from '../autoscaler/calendar.ts';
import type { UtcOffset, UtcOffsets } from '../autoscaler/local-time.ts';
import type { Times } from '../autoscaler/sizing/learned.ts';

/** Times as the API writes them. */
export const times: Times = {
  parseTime: Date.parse,
  formatTime: (ms) => new Date(ms).toISOString(),
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** The longest entry of spec.floors, and a day for what a clock on the wall may differ. */
const backMs = 8 * dayMs;

/** Time zones from the tables of the runtime, each looked up once an hour. */
export function createCalendar(now: () => number): Calendar {
  const known = new Map<string, { readonly hour: number; readonly offsets: UtcOffsets }>();
  return {
    parseTime: times.parseTime,
    offsetsOf(timeZone) {
      const hour = Math.floor(now() / hourMs);
      const cached = known.get(timeZone);
      if (cached?.hour === hour) return cached.offsets;
      const minutesAt = clockOf(timeZone);
      if (!minutesAt) return undefined;
      const until = (hour + 1) * hourMs;
      const offsets = offsetsBetween(until - backMs, until, minutesAt);
      known.set(timeZone, { hour, offsets });
      return offsets;
    },
  };
}

type MinutesAt = (at: number) => number;

/** Day by day, and where two days differ to the minute. */
function offsetsBetween(from: number, until: number, minutesAt: MinutesAt): UtcOffsets {
  const offsets: UtcOffset[] = [{ from, minutes: minutesAt(from) }];
  for (let day = from; day < until; day += dayMs) {
    const end = Math.min(day + dayMs, until);
    const minutes = minutesAt(end);
    if (minutes === offsets.at(-1)?.minutes) continue;
    offsets.push({ from: changeBetween(day, end, minutesAt), minutes });
  }
  return offsets;
}

/** The first minute at which the clock shows what it shows at the end. */
function changeBetween(from: number, until: number, minutesAt: MinutesAt): number {
  const minutes = minutesAt(until);
  let [before, after] = [from, until];
  while (after - before > 60_000) {
    const middle = Math.floor((before + after) / 120_000) * 60_000;
    if (middle <= before) break;
    if (minutesAt(middle) === minutes) after = middle;
    else before = middle;
  }
  return after;
}

/** Minutes east of Greenwich at a time; undefined when there is no such zone. */
function clockOf(timeZone: string): MinutesAt | undefined {
  const format = formatOf(timeZone);
  if (!format) return undefined;
  return (at) => {
    const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign = '+', hours = '0', minutes = '0'] = /GMT([+-])(\d+):(\d+)/.exec(name) ?? [];
    const total = Number(hours) * 60 + Number(minutes);
    return sign === '-' ? -total : total;
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  } catch (error) {
    if (error instanceof RangeError) return undefined; // what Intl says of a zone it does not know
    throw error;
  }
}
