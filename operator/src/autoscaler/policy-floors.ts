import type { Floor as FloorSpec } from '../api/types.gen.ts';
import type { Calendar } from './calendar.ts';
import type { Floor } from './floors.ts';
import { InvalidSpecError } from './invalid-spec.ts';
import { parseSchedule, type Schedule, ScheduleError } from './schedule.ts';

/** @throws InvalidSpecError naming the entry, for what the schema let through */
export function floorsOf(specs: readonly FloorSpec[], calendar: Calendar): readonly Floor[] {
  return specs.map((spec, i) => {
    const { schedule: text, durationSeconds, minReplicas, maxReplicas, timeZone } = spec;
    const offsets = calendar.offsetsOf(timeZone);
    if (!offsets)
      throw new InvalidSpecError(
        `floors[${i}].timeZone`,
        `is "${timeZone}": write an IANA name such as "Europe/Berlin"`,
      );
    return {
      text,
      schedule: scheduleOf(text, i),
      durationMs: durationSeconds * 1000,
      minReplicas,
      maxReplicas,
      timeZone,
      offsets,
    };
  });
}

function scheduleOf(text: string, index: number): Schedule {
  try {
    return parseSchedule(text);
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    throw new InvalidSpecError(`floors[${index}].schedule`, error.message, { cause: error });
  }
}
