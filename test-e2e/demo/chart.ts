import type { Recording, Sample } from './recording.ts';

const width = 960;
const height = 440;
const plot = { left: 64, right: width - 64, top: 56, bottom: height - 48 };
const colors = {
  lag: '#c2410c',
  desired: '#1d4ed8',
  ready: '#60a5fa',
  grid: '#e5e7eb',
  text: '#374151',
};

/** Lag (left axis) and replicas (right axis) over time, with the phases of the story, as one SVG. */
export function chartOf({ samples, phases }: Recording): string {
  const end = Math.max(10, ...samples.map((s) => s.t));
  const x = scale(0, end, plot.left, plot.right);
  const known = samples.filter((s) => s.lag !== undefined);
  const maxLag = niceCeiling(1.1 * Math.max(10, ...known.map((s) => Number(s.lag))));
  const maxReplicas = niceCeiling(
    1.1 * Math.max(4, ...samples.flatMap((s) => [s.desired, s.ready])),
  );
  const lagY = scale(0, maxLag, plot.bottom, plot.top);
  const replicasY = scale(0, maxReplicas, plot.bottom, plot.top);
  const points = (list: readonly Sample[], y: (s: Sample) => number) =>
    list.map((s) => `${round(x(s.t))},${round(y(s))}`).join(' ');

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...phases.map(({ title, from }, i) =>
      phaseBand(x(from), x(phases[i + 1]?.from ?? end), title, i),
    ),
    ...axis(maxLag, lagY, plot.left - 8, 'end', colors.lag),
    ...axis(maxReplicas, replicasY, plot.right + 8, 'start', colors.desired),
    ...timeAxis(end, x),
    `<polyline fill="none" stroke="${colors.lag}" stroke-width="2" points="${points(known, (s) => lagY(Number(s.lag)))}"/>`,
    `<polyline fill="none" stroke="${colors.desired}" stroke-width="2" points="${steps(samples, x, (s) => replicasY(s.desired))}"/>`,
    `<polyline fill="none" stroke="${colors.ready}" stroke-width="2" points="${steps(samples, x, (s) => replicasY(s.ready))}"/>`,
    legend(plot.left, 'lag, records', colors.lag),
    legend(plot.left + 120, 'replicas desired', colors.desired),
    legend(plot.left + 260, 'replicas ready', colors.ready),
    '</svg>',
    '',
  ].join('\n');
}

function phaseBand(from: number, to: number, title: string, index: number): string {
  const fill = index % 2 === 0 ? '#f9fafb' : '#f3f4f6';
  const size = `x="${round(from)}" y="${plot.top}" width="${round(to - from)}" height="${plot.bottom - plot.top}"`;
  const label = `<text x="${round(from + 6)}" y="${plot.top - 6}" fill="${colors.text}" font-weight="600">${title}</text>`;
  return `<rect ${size} fill="${fill}"/>${label}`;
}

function axis(
  max: number,
  y: (value: number) => number,
  at: number,
  anchor: string,
  color: string,
): string[] {
  return [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const line = `<line x1="${plot.left}" x2="${plot.right}" y1="${round(y(max * share))}" y2="${round(y(max * share))}" stroke="${colors.grid}"/>`;
    const label = `<text x="${at}" y="${round(y(max * share) + 4)}" text-anchor="${anchor}" fill="${color}">${round(max * share)}</text>`;
    return line + label;
  });
}

function timeAxis(end: number, x: (value: number) => number): string[] {
  const step = end > 150 ? 30 : end > 60 ? 15 : 5;
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => i * step);
  return ticks.map(
    (t) =>
      `<text x="${round(x(t))}" y="${plot.bottom + 20}" text-anchor="middle" fill="${colors.text}">${t} s</text>`,
  );
}

function legend(at: number, label: string, color: string): string {
  return `<rect x="${at}" y="22" width="14" height="4" fill="${color}"/><text x="${at + 20}" y="28" fill="${colors.text}">${label}</text>`;
}

/** A count stays until it changes: horizontal, then vertical. */
function steps(
  samples: readonly Sample[],
  x: (value: number) => number,
  y: (s: Sample) => number,
): string {
  return samples
    .flatMap((s, i) => {
      const before = samples[i - 1];
      const corner = before ? [`${round(x(s.t))},${round(y(before))}`] : [];
      return [...corner, `${round(x(s.t))},${round(y(s))}`];
    })
    .join(' ');
}

function scale(from: number, to: number, low: number, high: number): (value: number) => number {
  return (value) => low + ((value - from) / (to - from)) * (high - low);
}

function niceCeiling(value: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(value));
  const nice = [1, 2, 4, 5, 8, 10].find((factor) => factor * magnitude >= value) ?? 10;
  return nice * magnitude;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
