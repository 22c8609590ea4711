import type { IncomingHttpHeaders } from 'node:http';
import {
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  ParentBasedSampler,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import { exportingTo } from './trace-export.ts';
import { type Carrier, incomingContext, outgoingHeaders } from './trace-headers.ts';

/** The handling of one message, as a span that is still open. */
export interface OpenSpan {
  /** Headers for every message that this one causes. */
  readonly outgoing: IHeaders;
  /** @param error why the handling failed, when it did */
  end(error?: unknown): void;
}

export interface Tracing {
  /**
   * One HTTP request as a SERVER span.
   * @param name method and route, such as `POST /operation/create/:operation`
   * @param work gets the headers for every message that the request causes
   */
  server<T>(
    name: string,
    headers: IncomingHttpHeaders,
    work: (outgoing: IHeaders) => Promise<T>,
  ): Promise<T>;
  /** The handling of one message as a CONSUMER span, `process <topic>`. */
  consumer(topic: string, headers: KafkaMessage['headers']): OpenSpan;
  /** Exports what is left, for 2 s at most. Never rejects. */
  shutdown(): Promise<void>;
}

export interface TracingOptions {
  readonly serviceName: string;
  readonly podName: string;
  /** Such as `http://collector:4318`; without it spans are made, and never leave the process. */
  readonly otlpEndpoint?: string | undefined;
  /** Further takers of spans, for tests. */
  readonly spanProcessors?: readonly SpanProcessor[];
}

const shutdownMs = 2_000;

/**
 * Trace context (W3C) through HTTP and Kafka. Every span is made, so that each message has a
 * `traceparent`; they are exported only to a configured endpoint. Nothing is registered globally:
 * many services may run in one process.
 */
export function createTracing(options: TracingOptions): Tracing {
  const { otlpEndpoint, spanProcessors = [] } = options;
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.serviceName,
      ...(options.podName !== '' && { 'service.instance.id': options.podName }),
    }),
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors: [
      ...spanProcessors,
      ...(otlpEndpoint === undefined ? [] : [exportingTo(otlpEndpoint)]),
    ],
  });
  const tracer = provider.getTracer('@lagscaler/demo-shared');
  return {
    async server(name, headers, work) {
      const attributes = { 'http.request.method': name.split(' ', 1)[0] ?? name };
      const span = begin(tracer, name, SpanKind.SERVER, headers, attributes);
      try {
        const result = await work(span.outgoing);
        span.end();
        return result;
      } catch (error) {
        span.end(error);
        throw error;
      }
    },
    consumer(topic, headers) {
      const attributes = {
        'messaging.system': 'kafka',
        'messaging.operation.type': 'process',
        'messaging.destination.name': topic,
      };
      return begin(tracer, `process ${topic}`, SpanKind.CONSUMER, headers ?? {}, attributes);
    },
    async shutdown() {
      const deadline = new Promise<void>((resolve) => {
        setTimeout(resolve, shutdownMs).unref();
      });
      // A span that cannot be exported is no reason to end with an error.
      await Promise.race([provider.shutdown().catch(() => undefined), deadline]);
    },
  };
}

function begin(
  tracer: OtelTracer,
  name: string,
  kind: SpanKind,
  headers: Carrier,
  attributes: Record<string, string>,
): OpenSpan {
  const span = tracer.startSpan(name, { kind, attributes }, incomingContext(headers));
  return {
    outgoing: outgoingHeaders(trace.setSpan(ROOT_CONTEXT, span)),
    end: (error) => end(span, error),
  };
}

function end(span: Span, error: unknown): void {
  if (error !== undefined) {
    span.recordException(error instanceof Error ? error : String(error));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
