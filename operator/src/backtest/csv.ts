import type { Trace, TracePoint } from './trace.ts';

/** A trace that cannot be read: where, and what to do. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
  constructor(place: string, problem: string) {
    super(`${place}: ${problem}`);
  }
}

const columns = ['seconds', 'recordsPerSecond'] as const;

/**
 * The points of a CSV with the header `seconds,recordsPerSecond`: in order of time, rates of at least 0.
 * @throws TraceError naming line and column, both from 1
 */
export function parseTraceCsv(text: string): readonly TracePoint[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  checkHeader(lines[0] ?? '');
  const points: TracePoint[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === '') continue;
    points.push(parseRow(line, index + 1, points.at(-1)));
  }
  if (points.length < 2)
    throw new TraceError(
      `line ${lines.length}`,
      'a trace needs at least two rows after the header',
    );
  return points;
}

function checkHeader(line: string): void {
  const found = line.split(',').map((name) => name.trim());
  if (found.length === 2 && found.every((name, i) => name === columns[i])) return;
  throw new TraceError('line 1', `the header must be "${columns.join()}", not "${line.trim()}"`);
}

function parseRow(line: string, number: number, before: TracePoint | undefined): TracePoint {
  const cells = line.split(',');
  if (cells.length !== columns.length)
    throw new TraceError(
      `line ${number}`,
      `has ${cells.length} columns: write two, ${columns.join(' and ')}`,
    );
  const seconds = parseCell(cells, 0, number);
  if (before && seconds <= before.seconds)
    throw new TraceError(
      placeOf(number, 0),
      `${seconds} does not come after ${before.seconds}: sort the rows by time, one for each`,
    );
  return { seconds, recordsPerSecond: parseCell(cells, 1, number) };
}

function parseCell(cells: readonly string[], column: 0 | 1, line: number): number {
  const text = cells[column]?.trim() ?? '';
  const value = /^\d+(\.\d*)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new TraceError(
    placeOf(line, column),
    `"${text}" is not a number of at least 0, such as 12.5`,
  );
}

function placeOf(line: number, column: 0 | 1): string {
  return `line ${line}, column ${column + 1} (${columns[column]})`;
}

/** A row each second; of a run of equal or evenly changing rates only the ends, which says the same. */
export function toTraceCsv({ rates, startMs }: Trace): string {
  const start = startMs / 1000;
  const rows: string[] = [columns.join()];
  for (const [second, rate] of rates.entries()) {
    const before = rates[second - 1] ?? Number.NaN;
    const after = rates[second + 1] ?? Number.NaN;
    const isOnLine = Math.abs(before + after - 2 * rate) < 1e-9 * Math.max(1, rate);
    if (!isOnLine) rows.push(`${start + second},${rate}`);
  }
  rows.push(`${start + rates.length},${rates.at(-1)}`);
  return `${rows.join('\n')}\n`;
}
