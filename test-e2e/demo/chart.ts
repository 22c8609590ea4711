import type { Explained, Recording, Sample } from './recording.ts';

const width = 960;
const panelHeight = 150;
const gap = 44;
const margin = { left: 64, right: 24, top: 56, bottom: 40 };
const right = width - margin.right;
const colors = {
  first: '#1d4ed8',
  second: '#60a5fa',
  lag: '#c2410c',
  grid: '#e5e7eb',
  text: '#374151',
};

interface Series {
  readonly label: string;
  readonly color: string;
  readonly value: (s: Sample) => number | undefined;
}

interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
  /** Each change of the replicas is written on it, with its reason as a tooltip. */
  readonly hasSteps?: boolean;
}

/** What the dashboard of the original demo shows in its first row. */
const panels: readonly Panel[] = [
  {
    title: 'Events/s over the four topics',
    series: [{ label: 'events/s', color: colors.first, value: (s) => s.eventsPerSecond }],
  },
  {
    title: 'Topic user-approve lag',
    series: [
      {
        label: 'records',
        color: colors.lag,
        value: (s) => (s.lag === undefined ? undefined : Number(s.lag)),
      },
    ],
  },
  {
    title: 'user-approval-service pods',
    series: [
      { label: 'desired', color: colors.first, value: (s) => s.desired },
      { label: 'ready', color: colors.second, value: (s) => s.ready },
    ],
    hasSteps: true,
  },
  {
    title: 'Nodes',
    series: [{ label: 'nodes', color: colors.first, value: (s) => s.nodes }],
  },
];

/** The panels under each other over one time axis, with the phases of the story, as one SVG. */
export function chartOf(recording: Recording): string {
  const { samples, phases } = recording;
  const end = Math.max(10, ...samples.map((s) => s.t));
  const x = scale(0, end, margin.left, right);
  const bottom = margin.top + panels.length * (panelHeight + gap) - gap;
  const height = bottom + margin.bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...phases.map(({ title, from }, i) =>
      phaseBand(x(from), x(phases[i + 1]?.from ?? end), title, { bottom, index: i }),
    ),
    ...panels.flatMap((panel, i) => drawPanel(panel, recording, x, i)),
    ...timeAxis(end, x, bottom),
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel(
  { title, series, hasSteps }: Panel,
  { samples, scalings, explained }: Recording,
  x: (t: number) => number,
  index: number,
): string[] {
  const top = margin.top + index * (panelHeight + gap);
  const values = series.flatMap(({ value }) => samples.map((s) => value(s) ?? 0));
  const max = niceCeiling(1.1 * Math.max(4, ...values));
  const y = scale(0, max, top + panelHeight, top + 14);
  return [
    `<text x="${margin.left}" y="${top}" fill="${colors.text}" font-weight="600">${title}</text>`,
    ...series.map(({ label, color }, i) =>
      legend(right - 80 * (series.length - i), top, label, color),
    ),
    ...axis(max, y),
    ...series.map(({ color, value }) => line(samples, x, (s) => mapped(value(s), y), color)),
    ...(hasSteps ? scalings.map((s, i) => stepLabel(s, x, y, explained[i])) : []),
  ];
}

function stepLabel(
  { atMs, from, to }: Recording['scalings'][number],
  x: (t: number) => number,
  y: (replicas: number) => number,
  explained: Explained | undefined,
): string {
  const left = Math.min(x(atMs / 1000) + 4, right - 36); // within the picture
  const at = `x="${round(left)}" y="${round(y(Math.max(from, to)) - 6)}"`;
  const why = explained ? `<title>${escaped(explained.message)}</title>` : '';
  return `<text ${at} fill="${colors.text}" font-size="10">${from} → ${to}${why}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function mapped(value: number | undefined, y: (value: number) => number): number | undefined {
  return value === undefined ? undefined : y(value);
}

/** A value stays until it changes: horizontal, then vertical. Unknown ones leave the line where it was. */
function line(
  samples: readonly Sample[],
  x: (t: number) => number,
  y: (s: Sample) => number | undefined,
  color: string,
): string {
  const points: string[] = [];
  let before: number | undefined;
  for (const sample of samples) {
    const at = y(sample);
    if (at === undefined) continue;
    if (before !== undefined) points.push(`${round(x(sample.t))},${round(before)}`);
    points.push(`${round(x(sample.t))},${round(at)}`);
    before = at;
  }
  return `<polyline fill="none" stroke="${color}" stroke-width="2" points="${points.join(' ')}"/>`;
}

function phaseBand(
  from: number,
  to: number,
  title: string,
  { bottom, index }: { bottom: number; index: number },
): string {
  const fill = index % 2 === 0 ? '#f9fafb' : '#f3f4f6';
  const size = `x="${round(from)}" y="${margin.top - 24}" width="${round(to - from)}" height="${bottom - margin.top + 24}"`;
  // A short last phase must not push its title out of the picture.
  const label = `<text x="${round(Math.min(from + 6, right - 96))}" y="${margin.top - 32}" fill="${colors.text}" font-weight="600">${title}</text>`;
  return `<rect ${size} fill="${fill}"/>${label}`;
}

function axis(max: number, y: (value: number) => number): string[] {
  return [0, 0.5, 1].map((share) => {
    const at = round(y(max * share));
    const rule = `<line x1="${margin.left}" x2="${right}" y1="${at}" y2="${at}" stroke="${colors.grid}"/>`;
    const label = `<text x="${margin.left - 8}" y="${at + 4}" text-anchor="end" fill="${colors.text}">${round(max * share)}</text>`;
    return rule + label;
  });
}

function timeAxis(end: number, x: (value: number) => number, bottom: number): string[] {
  const step = [5, 15, 30, 60, 120].find((seconds) => end / seconds <= 12) ?? 300;
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => i * step);
  return ticks.map(
    (t) =>
      `<text x="${round(x(t))}" y="${bottom + 20}" text-anchor="middle" fill="${colors.text}">${t} s</text>`,
  );
}

function legend(at: number, y: number, label: string, color: string): string {
  return `<rect x="${at}" y="${y - 6}" width="14" height="4" fill="${color}"/><text x="${at + 20}" y="${y}" fill="${colors.text}">${label}</text>`;
}

function scale(from: number, to: number, low: number, high: number): (value: number) => number {
  return (value) => low + ((value - from) / (to - from)) * (high - low);
}

function niceCeiling(value: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(value));
  const nice = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((factor) => factor * magnitude >= value) ?? 10;
  return nice * magnitude;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
