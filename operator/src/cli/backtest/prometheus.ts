import { text } from 'node:stream/consumers';
import type { TracePoint } from '../../backtest/trace.ts';
import type { PrometheusSource } from './options.ts';
import type { ScalerFile } from './scaler-file.ts';

/** The history could not be read; says what was asked and what to do. */
export class PrometheusError extends Error {
  override readonly name = 'PrometheusError';
}

/** A query and what it is meant to find. */
interface Candidate {
  readonly query: string;
  readonly metrics: string;
}

/**
 * The arrival rate of the last days, from the first query that has an answer.
 * @param nowSeconds epoch seconds: the end of the history
 * @throws PrometheusError
 */
export async function readHistory(
  source: PrometheusSource,
  scaler: ScalerFile,
  nowSeconds: number,
): Promise<readonly TracePoint[]> {
  const candidates = source.query
    ? [{ query: source.query, metrics: '--query' }]
    : candidatesOf(scaler);
  for (const { query } of candidates) {
    const points = await queryRange(source, query, nowSeconds);
    if (points.length > 0) return points;
  }
  const tried = candidates.map(({ metrics, query }) => `  ${metrics}: ${query}`).join('\n');
  throw new PrometheusError(
    `${source.url.origin} has no arrival rate in the last ${source.lastSeconds} s; these were asked for, or name your own with --query:\n${tried}`,
  );
}

function candidatesOf({ name, namespace, spec }: ScalerFile): readonly Candidate[] {
  const topics = (spec.consumer.topics ?? []).map(escapeRegExp).join('|');
  const topic = topics === '' ? '' : `{topic=~${JSON.stringify(topics)}}`;
  const ofExporter =
    topics === ''
      ? []
      : [
          {
            metrics: 'kafka_exporter',
            query: `sum(rate(kafka_topic_partition_current_offset${topic}[5m]))`,
          },
        ];
  const labels = Object.entries({ namespace, name })
    .filter(([, value]) => value !== undefined)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  const own = { metrics: 'lagscaler', query: `sum(${ownMetric}{${labels.join()}})` };
  return [...ofExporter, own];
}

/** See docs/metrics.md. */
const ownMetric = 'lagscaler_arrival_records_per_second';

function escapeRegExp(literal: string): string {
  return literal.replaceAll('.', '\\.');
}

async function queryRange(
  source: PrometheusSource,
  query: string,
  nowSeconds: number,
): Promise<readonly TracePoint[]> {
  const url = new URL('api/v1/query_range', withSlash(source.url));
  const body = new URLSearchParams({
    query,
    start: String(nowSeconds - source.lastSeconds),
    end: String(nowSeconds),
    step: String(source.stepSeconds),
  });
  const answer = await post(url, body, source);
  const result = seriesOf(answer, url);
  if (result.length > 1)
    throw new PrometheusError(
      `${url.origin}: the query gives ${result.length} series: write sum(…) around it: ${query}`,
    );
  return pointsOf(result[0]?.values ?? []);
}

/** A path such as /prometheus stays in front. */
function withSlash(url: URL): URL {
  return new URL(`${url.pathname.replace(/\/*$/, '/')}`, url);
}

async function post(url: URL, body: URLSearchParams, source: PrometheusSource): Promise<unknown> {
  const { token, timeoutMs } = source;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { method: 'POST', body, headers, signal, redirect: 'error' });
    return await parse(response, url);
  } catch (error) {
    if (error instanceof PrometheusError) throw error;
    const why =
      (error as Error).name === 'TimeoutError'
        ? `no answer within ${timeoutMs} ms`
        : reasonOf(error);
    throw new PrometheusError(`${url.origin}: ${why}`, { cause: error });
  }
}

/** fetch says why only in its cause. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  const inner = cause as NodeJS.ErrnoException | undefined;
  return inner?.code ?? inner?.message ?? message;
}

async function parse(response: Response, url: URL): Promise<unknown> {
  const content = response.body ? await text(response.body) : '';
  try {
    return JSON.parse(content);
  } catch (error) {
    const hint = [401, 403].includes(response.status) ? ': set PROMETHEUS_TOKEN' : '';
    throw new PrometheusError(
      `${url.href}: HTTP ${response.status}, not an answer of Prometheus${hint}`,
      {
        cause: error,
      },
    );
  }
}

interface Series {
  readonly values: readonly (readonly [number, string])[];
}

function seriesOf(answer: unknown, url: URL): readonly Series[] {
  const { status, error, data } = (answer ?? {}) as {
    readonly status?: string;
    readonly error?: string;
    readonly data?: { readonly resultType?: string; readonly result?: readonly Series[] };
  };
  if (status !== 'success')
    throw new PrometheusError(`${url.origin}: ${error ?? 'refused the query'}`);
  if (data?.resultType !== 'matrix' || !data.result)
    throw new PrometheusError(`${url.href} did not answer with a range of values`);
  return data.result;
}

/** Gaps and what is no number are left out: the trace is linear over them. */
function pointsOf(values: Series['values']): readonly TracePoint[] {
  return values
    .map(([seconds, value]) => ({ seconds, recordsPerSecond: Math.max(0, Number(value)) }))
    .filter(({ recordsPerSecond }) => Number.isFinite(recordsPerSecond));
}
