/** Pieces of the charts, as SVG text. Lengths are in pixels. */

export const palette = {
  ink: '#1f2937',
  muted: '#6b7280',
  grid: '#e5e7eb',
  load: '#1d4ed8',
  capacity: '#93c5fd',
  replicas: '#047857',
  age: '#c2410c',
  fault: '#fee2e2',
} as const;

type Attributes = Readonly<Record<string, string | number>>;

/** An element; text content is escaped, elements go in as they are. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const list = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escapeText(show(value))}"`,
  );
  return content === ''
    ? `<${name}${list.join('')}/>`
    : `<${name}${list.join('')}>${content}</${name}>`;
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, fill: palette.ink, ...attributes }, escapeText(content));
}

export function line(from: Point, to: Point, attributes: Attributes): string {
  return element('line', { x1: from[0], y1: from[1], x2: to[0], y2: to[1], ...attributes });
}

export type Point = readonly [x: number, y: number];

export function polyline(points: readonly Point[], attributes: Attributes): string {
  const list = points.map(([x, y]) => `${show(x)},${show(y)}`).join(' ');
  return element('polyline', { fill: 'none', points: list, ...attributes });
}

interface Paper {
  /** What it shows, for those who cannot see it. */
  readonly title: string;
  readonly width: number;
  readonly height: number;
}

/** A whole picture on white. */
export function picture({ title, width, height }: Paper, parts: readonly string[]): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    'font-family': 'system-ui, sans-serif',
    'font-size': 12,
  };
  const name = element('title', {}, escapeText(title));
  const paper = element('rect', { width, height, fill: 'white' });
  return `${element('svg', attributes, `\n${[name, paper, ...parts].join('\n')}\n`)}\n`;
}

function show(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(value * 10) / 10) : value;
}

function escapeText(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
