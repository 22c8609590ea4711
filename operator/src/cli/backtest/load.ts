import { readFileSync } from 'node:fs';
import { parseTraceCsv, TraceError } from '../../backtest/csv.ts';
import { designTrace } from '../../backtest/design-traces.ts';
import { type Trace, type TracePoint, traceOf } from '../../backtest/trace.ts';
import { UsageError } from '../usage-error.ts';
import type { TraceSource } from './options.ts';
import { readHistory } from './prometheus.ts';
import type { ScalerFile } from './scaler-file.ts';

/** @throws UsageError when the file cannot be read, PrometheusError when the history cannot */
export async function loadTrace(source: TraceSource, scaler: ScalerFile): Promise<Trace> {
  switch (source.kind) {
    case 'design':
      return designTrace(source.name, source.seed) ?? nothing();
    case 'file':
      return fromPoints(source.path, pointsOf(source.path));
    case 'prometheus': {
      const now = Math.floor(Date.now() / 1000);
      return fromPoints(source.url.origin, await readHistory(source, scaler, now));
    }
  }
}

function nothing(): never {
  throw new Error('a trace of the design has no generator');
}

function pointsOf(path: string): readonly TracePoint[] {
  try {
    return parseTraceCsv(readTextFile(path));
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    throw new UsageError(`${path}: ${error.message}`, { cause: error });
  }
}

function fromPoints(name: string, points: readonly TracePoint[]): Trace {
  const trace = traceOf(name, points);
  if (trace.rates.length > 0) return trace;
  throw new UsageError(`${name}: the trace lasts less than a second`);
}

/** @throws UsageError naming the file */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`${path}: ${code ?? message}`, { cause: error });
  }
}
