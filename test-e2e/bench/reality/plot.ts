import type { RealityTrace } from './traces.ts';

const width = 960;
const panelHeight = 150;
const gap = 56;
const margin = { left: 56, right: 24, top: 56 };
const colors = { load: '#9ca3af', real: '#1d4ed8', simulated: '#c2410c', text: '#374151' };

/** A value from a moment on. */
type Step = readonly [t: number, value: number];

export interface PlotInput {
  readonly trace: RealityTrace;
  readonly real: readonly Step[];
  /** One for each seed. */
  readonly simulated: readonly (readonly Step[])[];
}

/** For each trace the load over the replicas, real ones and simulated ones. */
export function realitySvg(inputs: readonly PlotInput[]): string {
  const height = margin.top + inputs.length * (panelHeight + gap);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="${colors.text}">`,
    '<title>Replicas of real consumers and of simulated ones under the same load</title>',
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...legend(),
    ...inputs.flatMap((input, i) => panel(input, margin.top + i * (panelHeight + gap))),
    '</svg>',
    '',
  ].join('\n');
}

function legend(): string[] {
  const entries = [
    ['records/s', colors.load],
    ['replicas, real', colors.real],
    ['replicas, simulated with each seed', colors.simulated],
  ] as const;
  return entries.map(([label, color], i) => {
    const x = margin.left + i * 180;
    return `<rect x="${x}" y="16" width="14" height="4" fill="${color}"/><text x="${x + 20}" y="22">${label}</text>`;
  });
}

function panel({ trace, real, simulated }: PlotInput, top: number): string[] {
  const right = width - margin.right;
  const most = Math.max(...[real, ...simulated].flat().map(([, value]) => value));
  const load = Array.from({ length: trace.seconds + 1 }, (_, t): Step => [t, trace.rate(t)]);
  const mostLoad = Math.max(...load.map(([, value]) => value));
  const x = (t: number) => margin.left + (t / trace.seconds) * (right - margin.left);
  const y = (max: number) => (value: number) => top + panelHeight - (value / max) * panelHeight;
  const points = (steps: readonly Step[], max: number) =>
    steps.map(([t, value]) => `${x(t).toFixed(1)},${y(max)(value).toFixed(1)}`).join(' ');
  const line = (steps: readonly Step[], max: number, style: string) =>
    `<polyline fill="none" ${style} points="${points(steps, max)}"/>`;
  const label = (value: number, at: number) =>
    `<text x="${margin.left - 8}" y="${at + 4}" text-anchor="end">${value}</text>`;
  return [
    `<text x="${margin.left}" y="${top - 8}" font-weight="600">${trace.name}: up to ${Math.round(mostLoad)} records/s</text>`,
    label(most, top),
    label(0, top + panelHeight),
    line(load, mostLoad, `stroke="${colors.load}" stroke-dasharray="4 3"`),
    ...simulated.map((steps) =>
      line(
        stairs(steps, trace.seconds),
        most,
        `stroke="${colors.simulated}" stroke-opacity="0.35"`,
      ),
    ),
    line(stairs(real, trace.seconds), most, `stroke="${colors.real}" stroke-width="2"`),
    ...Array.from({ length: Math.floor(trace.seconds / 120) + 1 }, (_, i) => i * 120).map(
      (t) =>
        `<text x="${x(t).toFixed(1)}" y="${top + panelHeight + 18}" text-anchor="middle">${t} s</text>`,
    ),
  ];
}

/** A value stays until it changes. */
function stairs(steps: readonly Step[], end: number): readonly Step[] {
  return steps.flatMap(([t, value], i) => [
    [t, value] as const,
    [steps[i + 1]?.[0] ?? end, value] as const,
  ]);
}
