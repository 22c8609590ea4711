import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import type { IHeaders } from 'kafkajs';
import { expect, test } from 'vitest';
import { createTracing } from './tracing.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${parentId}-01`;
const fresh = /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/;

function setUp() {
  const exporter = new InMemorySpanExporter();
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  const tracing = createTracing({ serviceName: 'a-service', podName: 'pod-1', spanProcessors });
  return { tracing, spans: () => exporter.getFinishedSpans() };
}

test('a message goes on in the trace it came with, under a span of its own', () => {
  const { tracing, spans } = setUp();
  const headers = { traceparent: Buffer.from(traceparent), tracestate: Buffer.from('a=b') };
  const span = tracing.consumer('user-create', headers);
  span.end();
  const [ended] = spans();
  expect(span.outgoing).toEqual({
    traceparent: `00-${traceId}-${ended?.spanContext().spanId}-01`,
    tracestate: 'a=b',
    'content-type': 'application/json',
  });
  expect(ended).toMatchObject({ name: 'process user-create', kind: SpanKind.CONSUMER });
  expect(ended?.parentSpanContext).toMatchObject({ traceId, spanId: parentId });
  expect(ended?.resource.attributes).toEqual({
    'service.name': 'a-service',
    'service.instance.id': 'pod-1',
  });
});

test.for<[string, IHeaders | undefined]>([
  ['no headers', undefined],
  ['no traceparent', { other: 'x' }],
  ['text that is no traceparent', { traceparent: 'hello' }],
  ['a trace id of zeros', { traceparent: `00-${'0'.repeat(32)}-${parentId}-01` }],
  ['the forbidden version', { traceparent: traceparent.replace('00', 'ff') }],
  ['bytes that are not text', { traceparent: Buffer.from([0xff, 0xfe]) }],
  ['an empty traceparent', { traceparent: '' }],
])('with %s a new trace begins', ([, headers]) => {
  const { tracing, spans } = setUp();
  const span = tracing.consumer('t', headers);
  span.end();
  expect(span.outgoing).toEqual({
    traceparent: expect.stringMatching(fresh),
    'content-type': 'application/json',
  });
  expect(spans()[0]?.parentSpanContext).toBeUndefined();
});

test('a request is a span for as long as its work, with the headers of what it causes', async () => {
  const { tracing, spans } = setUp();
  const result = await tracing.server('POST /operation', { traceparent }, async (outgoing) => {
    expect(spans()).toEqual([]);
    return outgoing['traceparent'];
  });
  const [span] = spans();
  expect(result).toBe(`00-${traceId}-${span?.spanContext().spanId}-01`);
  expect(span).toMatchObject({ name: 'POST /operation', kind: SpanKind.SERVER });
});

test('a caller that does not sample is followed in that', async () => {
  const { tracing, spans } = setUp();
  const unsampled = { traceparent: `00-${traceId}-${parentId}-00` };
  const header = await tracing.server(
    'GET /',
    unsampled,
    async (outgoing) => outgoing['traceparent'],
  );
  expect(header).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  expect(spans()).toEqual([]);
});

test('work that fails ends its span with the error, and throws it', async () => {
  const { tracing, spans } = setUp();
  const error = new Error('no');
  const work = async () => {
    throw error;
  };
  await expect(tracing.server('GET /', {}, work)).rejects.toBe(error);
  expect(spans()[0]?.status.code).toBe(SpanStatusCode.ERROR);
});

test('nothing is registered globally', () => {
  const { tracing } = setUp();
  tracing.consumer('t', undefined).end();
  expect(trace.getTracer('x').startSpan('y').spanContext().traceId).toBe('0'.repeat(32));
  expect(propagation.fields()).toEqual([]);
  expect(context.active()).toBeDefined();
});

test('spans reach the OTLP endpoint before the shutdown is over', async () => {
  const received: { path: string | undefined; body: string }[] = [];
  const sink = createServer((request, response) => {
    const keep = async () => {
      received.push({ path: request.url, body: await text(request) });
      response.end('{}');
    };
    keep().catch(() => request.destroy());
  });
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
  const otlpEndpoint = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/`;
  const tracing = createTracing({ serviceName: 'a-service', podName: '', otlpEndpoint });
  tracing.consumer('user-create', { traceparent }).end();
  await tracing.shutdown();
  sink.close();
  expect(received.map(({ path }) => path)).toEqual(['/v1/traces']);
  const [resource] = JSON.parse(received[0]?.body ?? '{}').resourceSpans;
  expect(resource.scopeSpans[0].spans[0]).toMatchObject({
    traceId,
    parentSpanId: parentId,
    name: 'process user-create',
  });
});

test('an endpoint that never answers holds the shutdown up for 2 s, not for ever', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const otlpEndpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const tracing = createTracing({ serviceName: 'a-service', podName: '', otlpEndpoint });
  tracing.consumer('t', undefined).end();
  const from = performance.now();
  await tracing.shutdown();
  expect(performance.now() - from).toBeLessThan(3_500);
  silent.closeAllConnections();
  silent.close();
});
