/** From a value to a place, in pixels. */
export type Scale = (value: number) => number;

export function linear(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
): Scale {
  return (value) => start + ((value - from) / (to - from || 1)) * (end - start);
}

/** Round values from 0 to at least `max`, about `count` of them. */
export function ticksTo(max: number, count = 5): readonly number[] {
  if (max <= 0) return [0, 1];
  const rough = max / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  const steps = Math.max(1, Math.ceil(max / step - 1e-9));
  return Array.from({ length: steps + 1 }, (_, i) => i * step);
}

/** For positive values. */
export function logarithmic(
  [from, to]: readonly [number, number],
  range: readonly [number, number],
): Scale {
  const place = linear([Math.log(from), Math.log(to)], range);
  return (value) => place(Math.log(value));
}

/** Round values between the two, closer where they are small. */
export function logTicks([from, to]: readonly [number, number]): readonly number[] {
  const fine = to / from > 5 ? [1, 1.5, 2, 3, 4, 5, 7] : [1, 1.2, 1.4, 1.6, 2, 2.5, 3, 4, 5, 6, 8];
  const steps = to / from > 30 ? [1, 3] : fine;
  const first = Math.floor(Math.log10(from));
  const decades = Array.from(
    { length: Math.ceil(Math.log10(to)) - first + 1 },
    (_, i) => first + i,
  );
  const values = decades.flatMap((decade) => steps.map((step) => step * 10 ** decade));
  return values.filter((value) => value >= from && value <= to);
}

/** Moments of a trace that are worth a label, in seconds. */
export function timeTicks(seconds: number): readonly number[] {
  const steps = [60, 300, 900, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800];
  const step = steps.find((length) => seconds / length <= 13) ?? 604_800;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, i) => i * step);
}

/** `5400` → `1.5 h`, `108000` → `1 d 6 h`. */
export function showTime(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${trim(seconds / 60)} min`;
  const days = Math.floor(seconds / 86_400);
  const hours = trim((seconds % 86_400) / 3600);
  if (days === 0) return `${hours} h`;
  return hours === '0' ? `${days} d` : `${days} d ${hours} h`;
}

/** `15000` → `15k`. */
export function showCount(value: number): string {
  if (value >= 1e6) return `${trim(value / 1e6)}M`;
  return value >= 10_000 ? `${trim(value / 1000)}k` : trim(value);
}

function trim(value: number): string {
  return String(Number(value.toPrecision(3)));
}
