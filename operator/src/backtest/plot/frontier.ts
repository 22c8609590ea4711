import type { Family } from '../baselines.ts';
import type { Standing } from '../compare.ts';
import type { Metrics } from '../metrics.ts';
import { linear, logarithmic, logTicks, type Scale, showCount } from './scale.ts';
import { element, line, type Point, palette, picture, polyline, text } from './svg.ts';

const width = 1200;
const left = 84;
const right = 700;
const top = 70;
const bottom = 560;
const rowHeight = 17;
const listLeft = right + 48;

/** Where the axis of the late share has its place for 0, below the smallest decade. */
const zeroY = bottom - 14;
const decadesBottom = bottom - 58;

export interface FrontierInput {
  readonly title: string;
  readonly standings: readonly Standing[];
}

/** Late share against replica-hours, coloured by rebalances: what each rule pays for how late it is. */
export function frontierSvg({ title, standings }: FrontierInput): string {
  const hours = standings.map(({ metrics }) => metrics.replicaHours);
  const range = [0.9 * Math.min(...hours), 1.1 * Math.max(...hours)] as const;
  const x = logarithmic(range, [left, right]);
  const { y, decades } = lateScale(standings);
  const color = colorScale(standings);
  const ranked = standings.toSorted(byPlace);
  const height = Math.max(bottom + 130, top + 40 + rowHeight * (standings.length + 1));
  return picture({ title, width, height }, [
    text(left, 26, title, { 'font-size': 15, 'font-weight': 600 }),
    text(
      left,
      46,
      'Lower and further left is better. The line joins those that nobody beats in both.',
    ),
    ...lateAxis(y, decades),
    ...logTicks(range).map((tick) => hourTick(tick, x(tick))),
    text((left + right) / 2, bottom + 38, 'replica-hours (log)', { 'text-anchor': 'middle' }),
    frontierLine(ranked, x, y),
    ...ranked.map((standing, i) => drawPoint(standing, i + 1, placeOf(standing, x, y), color)),
    ...shapeLegend(),
    ...colorLegend(standings, color),
    ...list(ranked, color),
  ]);
}

/** The order of the numbers: from left to right. */
function byPlace(a: Standing, b: Standing): number {
  return a.metrics.replicaHours - b.metrics.replicaHours;
}

function placeOf({ metrics }: Standing, x: Scale, y: Scale): Point {
  return [x(metrics.replicaHours), y(metrics.lateFraction)];
}

/** Logarithmic, with a place of its own for 0. */
function lateScale(standings: readonly Standing[]): { y: Scale; decades: readonly number[] } {
  const shares = standings.map((s) => s.metrics.lateFraction).filter((share) => share > 0);
  const exponents = shares.map((share) => Math.log10(share));
  const lowest = Math.floor(Math.min(-4, ...exponents));
  const highest = Math.min(0, Math.ceil(Math.max(-1, ...exponents)));
  const scale = linear([lowest, highest], [decadesBottom, top]);
  return {
    y: (share) => (share > 0 ? scale(Math.log10(share)) : zeroY),
    decades: Array.from({ length: highest - lowest + 1 }, (_, i) => 10 ** (lowest + i)),
  };
}

function lateAxis(y: Scale, decades: readonly number[]): string[] {
  const rotate = `rotate(-90 24 ${(top + bottom) / 2})`;
  return [
    ...[0, ...decades].map((share) => {
      const label = `${Number((100 * share).toPrecision(2))} %`;
      const place = { 'text-anchor': 'end', fill: palette.muted };
      return (
        line([left, y(share)], [right, y(share)], { stroke: palette.grid }) +
        text(left - 8, y(share) + 4, label, place)
      );
    }),
    // The axis is broken between 0 and the smallest decade.
    line([left - 5, bottom - 32], [left + 5, bottom - 38], { stroke: palette.muted }),
    line([left - 5, bottom - 38], [left + 5, bottom - 44], { stroke: palette.muted }),
    text(24, (top + bottom) / 2, 'records later than the objective (log)', {
      'text-anchor': 'middle',
      transform: rotate,
    }),
  ];
}

function hourTick(hours: number, x: number): string {
  return (
    line([x, top], [x, bottom], { stroke: palette.grid }) +
    text(x, bottom + 18, showCount(hours), { 'text-anchor': 'middle', fill: palette.muted })
  );
}

/** Stairs: between two points of the frontier nothing is as good as both. */
function frontierLine(ranked: readonly Standing[], x: Scale, y: Scale): string {
  const places = ranked.filter((s) => s.isOnFrontier).map((s) => placeOf(s, x, y));
  const stairs = places.flatMap((place, i): Point[] => {
    const before = places[i - 1];
    return before ? [[place[0], before[1]], place] : [place];
  });
  return polyline(stairs, { stroke: palette.ink, 'stroke-dasharray': '5 4' });
}

/** Blue for few rebalances a day, red for many; logarithmic. */
function colorScale(standings: readonly Standing[]): (metrics: Metrics) => string {
  const [low, high] = rebalanceRange(standings);
  const position = logarithmic([low, high], [0, 1]);
  return (metrics) => hueAt(position(Math.max(low, perDay(metrics))));
}

function hueAt(share: number): string {
  const mix = (from: number, to: number) => Math.round(from + share * (to - from));
  return `rgb(${mix(37, 220)},${mix(99, 38)},${mix(235, 38)})`;
}

function perDay({ rebalances, days }: Metrics): number {
  return rebalances / days;
}

function rebalanceRange(standings: readonly Standing[]): readonly [number, number] {
  const counts = standings.map(({ metrics }) => Math.max(1, perDay(metrics)));
  return [Math.min(...counts), Math.max(...counts)];
}

/** In the legend, each with its distance from the left. */
const families: readonly (readonly [Family, number])[] = [
  ['lagscaler', 8],
  ['KEDA', 118],
  ['HPA on the rate', 204],
  ['Flink', 344],
  ['others', 424],
  ['oracle', 514],
];

function drawPoint(
  { family, metrics, isOnFrontier }: Standing,
  number: number,
  [x, y]: Point,
  color: (metrics: Metrics) => string,
): string {
  const weight = isOnFrontier ? 700 : 400;
  // Neighbours differ by one: above and below in turn, so that they do not hide each other.
  const labelY = number % 2 === 0 ? y - 9 : y + 17;
  const label = text(x, labelY, String(number), {
    'font-size': 10,
    'font-weight': weight,
    'text-anchor': 'middle',
  });
  return shape(family, [x, y], color(metrics)) + label;
}

function shape(family: Family, [x, y]: Point, fill: string): string {
  const attributes = {
    fill,
    stroke: palette.ink,
    'stroke-width': family === 'lagscaler' ? 1.6 : 0.6,
  };
  const polygon = (points: readonly Point[]) =>
    element('polygon', {
      points: points.map(([dx, dy]) => `${(x + dx).toFixed(1)},${(y + dy).toFixed(1)}`).join(' '),
      ...attributes,
    });
  switch (family) {
    case 'lagscaler':
      return polygon(star);
    case 'KEDA':
      return element('circle', { cx: x, cy: y, r: 5.5, ...attributes });
    case 'HPA on the rate':
      return element('rect', { x: x - 5, y: y - 5, width: 10, height: 10, ...attributes });
    case 'Flink':
      return polygon([
        [0, -7],
        [6.5, 5],
        [-6.5, 5],
      ]);
    case 'oracle':
      return element('circle', { cx: x, cy: y, r: 6, ...attributes, fill: 'white' });
    case 'others':
      return polygon([
        [0, -7],
        [7, 0],
        [0, 7],
        [-7, 0],
      ]);
  }
}

/** Five points, alternating between two circles. */
const star: readonly Point[] = Array.from({ length: 10 }, (_, i) => {
  const radius = i % 2 === 0 ? 11 : 4.6;
  const angle = (Math.PI * i) / 5;
  return [radius * Math.sin(angle), -radius * Math.cos(angle)];
});

function shapeLegend(): string[] {
  return families.map(([family, distance]) => {
    const x = left + distance;
    return shape(family, [x, bottom + 68], '#d1d5db') + text(x + 16, bottom + 72, family);
  });
}

function colorLegend(
  standings: readonly Standing[],
  color: (metrics: Metrics) => string,
): string[] {
  const [low, high] = rebalanceRange(standings);
  const steps = 24;
  const y = bottom + 96;
  const bars = Array.from({ length: steps }, (_, i) => {
    const rebalances = low * (high / low) ** (i / (steps - 1));
    const fill = color({ ...standings[0]?.metrics, rebalances, days: 1 } as Metrics);
    return element('rect', { x: left + 150 + 10 * i, y: y - 10, width: 10.5, height: 12, fill });
  });
  return [
    text(left, y, 'rebalances a day:'),
    text(left + 144, y, showCount(low), { 'text-anchor': 'end' }),
    ...bars,
    text(left + 156 + 10 * steps, y, showCount(high)),
  ];
}

const cells = { name: listLeft + 34, late: listLeft + 350, rebalances: listLeft + 410 };

function list(ranked: readonly Standing[], color: (metrics: Metrics) => string): string[] {
  const end = { 'text-anchor': 'end', 'font-size': 11 };
  const head = [
    text(cells.late, top - 4, 'late', { ...end, fill: palette.muted }),
    text(cells.rebalances, top - 4, 'reb./day', { ...end, fill: palette.muted }),
  ];
  return [...head, ...ranked.flatMap((standing, i) => listRow(standing, i, color))];
}

function listRow(standing: Standing, i: number, color: (metrics: Metrics) => string): string[] {
  const { metrics, name, family } = standing;
  const y = top + 14 + rowHeight * i;
  const row = { 'font-size': 11, 'font-weight': standing.isOnFrontier ? 700 : 400 };
  const number = { ...row, 'text-anchor': 'end' };
  const late = `${Number((100 * metrics.lateFraction).toPrecision(2))} %`;
  return [
    text(listLeft, y, String(i + 1), number),
    shape(family, [listLeft + 16, y - 4], color(metrics)),
    text(cells.name, y, name, row),
    text(cells.late, y, late, number),
    text(cells.rebalances, y, showCount(Math.round(perDay(metrics))), number),
  ];
}
