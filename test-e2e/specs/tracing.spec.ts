import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SinkSpan, startOtlpSink } from '../otlp-sink.ts';
import { postUser } from '../saga-posts.ts';
import { type SagaRun, startSagaRun } from '../saga-run.ts';
import { suiteCluster } from '../suite.ts';
import { until } from '../until.ts';

/** One operation is one trace: through HTTP and all four topics. */

const { cluster } = await suiteCluster();
let sink: Awaited<ReturnType<typeof startOtlpSink>>;
let saga: SagaRun;

beforeAll(async () => {
  sink = await startOtlpSink();
  saga = await startSagaRun(cluster, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url } });
});
afterAll(() => sink.close());

const server = 2;
const consumer = 5;
/** Who does what, in the order of the SAGA. */
const steps = [
  ['operation-service', 'POST /operation/create/:operation', server],
  ['user-service', 'process user-create', consumer],
  ['user-approval-service', 'process user-approve', consumer],
  ['user-service', 'process user-approve-response', consumer],
  ['operation-service', 'process user-create-response', consumer],
] as const;

/** The spans of the only trace that holds such a span, once there are five, each below the one before. */
async function chainWith(matches: (span: SinkSpan) => boolean): Promise<readonly SinkSpan[]> {
  const spans = await until('a trace of five spans', () => {
    const traces = [...sink.tracesWith(matches).values()];
    return traces.length === 1 && traces[0]?.length === 5 && traces[0];
  });
  return steps.map(([_, name]) => {
    const span = spans.find((one) => one.name === name);
    if (!span) throw new Error(`no span "${name}" among ${spans.map((one) => one.name)}`);
    return span;
  });
}

function expectChain(chain: readonly SinkSpan[]): void {
  expect(chain.map(({ service, name, kind }) => [service, name, kind])).toEqual(steps);
  const parents = chain.slice(1).map(({ parentSpanId }) => parentSpanId);
  expect(parents).toEqual(chain.slice(0, -1).map(({ spanId }) => spanId));
}

test('one POST is one trace of five spans, each the child of the one before', async () => {
  await saga.post(1);
  const chain = await chainWith(({ name }) => name.startsWith('POST '));
  expectChain(chain);
  expect(chain[0]?.parentSpanId ?? '').toBe('');
});

test('the trace of the caller is continued', async () => {
  const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
  const traceparent = `00-${traceId}-${spanId}-01`;
  const { status } = await postUser(saga.url(), { name: 'hans' }, { traceparent });
  expect(status).toBe(202);
  const chain = await chainWith((span) => span.traceId === traceId);
  expectChain(chain);
  expect(chain[0]?.parentSpanId).toBe(spanId);
});
