import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A span as OTLP/HTTP sends it in JSON. */
export interface SinkSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 2: SERVER, 5: CONSUMER. */
  readonly kind: number;
  /** `service.name` of its resource. */
  readonly service: string;
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly Omit<SinkSpan, 'service'>[] }[];
  }[];
}

/** A collector in miniature: keeps every span that is exported to it. */
export async function startOtlpSink() {
  const spans: SinkSpan[] = [];
  const server = createServer((request, response) => {
    receive(request).then(
      (received) => {
        spans.push(...received);
        response.setHeader('content-type', 'application/json').end('{}');
      },
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
    url: `http://127.0.0.1:${port}`,
    /** Those of the traces that hold such a span. */
    tracesWith(matches: (span: SinkSpan) => boolean): ReadonlyMap<string, readonly SinkSpan[]> {
      const wanted = new Set(spans.filter(matches).map(({ traceId }) => traceId));
      return Map.groupBy(
        spans.filter(({ traceId }) => wanted.has(traceId)),
        ({ traceId }) => traceId,
      );
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function receive(request: IncomingMessage): Promise<SinkSpan[]> {
  if (request.method !== 'POST' || request.url !== '/v1/traces')
    throw new Error(`${request.method} ${request.url} is no export of traces`);
  const body: ExportRequest = JSON.parse(await text(request));
  return body.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const name = resource.attributes.find(({ key }) => key === 'service.name');
    const service = name?.value.stringValue ?? '';
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })));
  });
}
