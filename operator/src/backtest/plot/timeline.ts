import type { Fault } from '../fault.ts';
import type { Log } from '../log.ts';
import { linear, type Scale, showCount, showTime, ticksTo, timeTicks } from './scale.ts';
import { element, line, type Point, palette, picture, polyline, text } from './svg.ts';

const width = 1000;
const left = 64;
const right = width - 24;
const top = 64;
const panelHeight = 150;
const gap = 48;

interface Series {
  readonly label: string;
  readonly color: string;
  readonly values: Float64Array;
}

interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
  /** Labels of the vertical axis and where they are, from the largest value. */
  readonly axis: (max: number) => Axis;
  /** A level to keep below. */
  readonly limit?: { readonly label: string; readonly value: number };
}

interface Axis {
  readonly ticks: readonly number[];
  /** From a value to its share of the height. */
  readonly share: Scale;
}

export interface TimelineInput {
  readonly title: string;
  readonly log: Log;
  readonly seconds: number;
  readonly objectiveSeconds: number;
  readonly faults: readonly Fault[];
}

/** One run over time: load and capacity, replicas, and the age of the oldest record. */
export function timelineSvg(input: TimelineInput): string {
  const { log, seconds, title, faults } = input;
  const panels = panelsOf(log, input.objectiveSeconds);
  const bottom = top + panels.length * (panelHeight + gap) - gap;
  const x = linear([0, seconds], [left, right]);
  return picture({ title, width, height: bottom + 44 }, [
    text(left, 24, title, { 'font-size': 15, 'font-weight': 600 }),
    ...faults.map((fault) => faultBand(fault, x, seconds, bottom)),
    ...panels.flatMap((panel, i) => drawPanel(panel, x, log, i)),
    ...timeTicks(seconds).map((at) =>
      text(x(at), bottom + 20, showTime(at), { 'text-anchor': 'middle' }),
    ),
  ]);
}

function panelsOf(log: Log, objectiveSeconds: number): readonly Panel[] {
  return [
    {
      title: 'Records per second',
      axis: fromZero,
      series: [
        { label: 'capacity', color: palette.capacity, values: log.capacity },
        { label: 'arrivals', color: palette.load, values: log.rate },
      ],
    },
    {
      title: 'Replicas',
      axis: fromZero,
      series: [
        { label: 'ready', color: palette.capacity, values: log.readyPods },
        { label: 'desired', color: palette.replicas, values: log.replicas },
      ],
    },
    {
      title: 'Age of the oldest record, seconds (log)',
      axis: ofAges,
      series: [{ label: 'oldest', color: palette.age, values: log.oldestAge }],
      limit: { label: `objective ${objectiveSeconds} s`, value: objectiveSeconds },
    },
  ];
}

function fromZero(max: number): Axis {
  const ticks = ticksTo(max);
  return { ticks, share: linear([0, ticks.at(-1) ?? 1], [0, 1]) };
}

/** A minute and a poison pill of hours must both be seen. */
function ofAges(max: number): Axis {
  const decades = Math.max(2, Math.ceil(Math.log10(max + 1)));
  const ticks = [0, ...Array.from({ length: decades }, (_, i) => 10 ** (i + 1))];
  return { ticks, share: (age) => Math.log10(age + 1) / Math.log10(10 ** decades + 1) };
}

function drawPanel(panel: Panel, x: Scale, log: Log, index: number): string[] {
  const { title, series, limit } = panel;
  const panelTop = top + index * (panelHeight + gap);
  const highest = Math.max(limit?.value ?? 0, ...series.map(({ values }) => maxOf(values)));
  const { ticks, share } = panel.axis(highest);
  const height = linear([0, 1], [panelTop + panelHeight, panelTop + 12]);
  const y = (value: number) => height(share(value));
  return [
    text(left, panelTop, title, { 'font-weight': 600 }),
    ...series.map(({ label, color }, i) =>
      legendEntry(i, series.length, panelTop, { label, color }),
    ),
    ...ticks.map((tick) => gridLine(tick, y(tick))),
    // The last one lies on top, the others shine out from below it.
    ...series.map(({ values, color }, i) => {
      const stroke = { stroke: color, 'stroke-width': i < series.length - 1 ? 2.6 : 1.3 };
      return polyline(curve(values, log.intervalSeconds, x, y), stroke);
    }),
    ...(limit ? limitLine(limit, y(limit.value)) : []),
  ];
}

function maxOf(values: Float64Array): number {
  return values.reduce((max, value) => Math.max(max, value), 0);
}

/** More points than this nobody sees. */
const columns = 900;

/** The extremes of each column, so that no short peak gets lost. */
function curve(values: Float64Array, intervalSeconds: number, x: Scale, y: Scale): Point[] {
  const size = Math.max(1, Math.ceil(values.length / columns));
  const points: Point[] = [];
  for (let start = 0; start < values.length; start += size) {
    const bucket = values.subarray(start, start + size);
    const first = x(start * intervalSeconds);
    const low = bucket.reduce((min, value) => Math.min(min, value), Number.POSITIVE_INFINITY);
    const high = maxOf(bucket);
    points.push([first, y(bucket[0] ?? 0)]);
    if (low !== high) points.push([first, y(low)], [first, y(high)]);
    points.push([first, y(bucket.at(-1) ?? 0)]);
  }
  return points;
}

function gridLine(value: number, y: number): string {
  const label = text(left - 8, y + 4, showCount(value), {
    'text-anchor': 'end',
    fill: palette.muted,
  });
  return line([left, y], [right, y], { stroke: palette.grid }) + label;
}

function limitLine({ label }: { readonly label: string }, y: number): string[] {
  const attributes = { stroke: palette.ink, 'stroke-dasharray': '4 3' };
  return [
    line([left, y], [right, y], attributes),
    text(right, y - 4, label, { 'text-anchor': 'end', fill: palette.ink }),
  ];
}

function legendEntry(
  index: number,
  count: number,
  y: number,
  { label, color }: Pick<Series, 'label' | 'color'>,
): string {
  const x = right - 90 * (count - index);
  const swatch = element('rect', { x, y: y - 6, width: 16, height: 4, fill: color });
  return swatch + text(x + 22, y, label);
}

function faultBand(fault: Fault, x: Scale, seconds: number, bottom: number): string {
  const from = x(Math.min(fault.from, seconds));
  const band = element('rect', {
    x: from,
    y: top - 20,
    width: x(Math.min(fault.to, seconds)) - from,
    height: bottom - top + 20,
    fill: palette.fault,
  });
  return band + text(from + 2, top - 24, fault.kind, { fill: palette.age });
}
