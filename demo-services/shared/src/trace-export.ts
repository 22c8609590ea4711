import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';

const exportTimeoutMs = 5_000;
const exportEveryMs = 1_000;

/**
 * Sends spans in batches to an OTLP endpoint over HTTP, once a second.
 * @param endpoint the base URL; `/v1/traces` is added
 */
export function exportingTo(endpoint: string): SpanProcessor {
  return new BatchSpanProcessor({
    exporter: createLazyExporter(`${endpoint.replace(/\/+$/, '')}/v1/traces`),
    scheduledDelayMillis: exportEveryMs,
    exportTimeoutMillis: exportTimeoutMs,
  });
}

/** Loaded at the first export: its modules are the larger part of all that tracing takes. */
function createLazyExporter(url: string): SpanExporter {
  let loading: Promise<SpanExporter> | undefined;
  const load = async (): Promise<SpanExporter> => {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
    return new OTLPTraceExporter({ url, timeoutMillis: exportTimeoutMs });
  };
  const failed = 1; // ExportResultCode.FAILED
  return {
    export(spans: ReadableSpan[], done) {
      loading ??= load();
      loading.then(
        (exporter) => exporter.export(spans, done),
        (error: unknown) => done({ code: failed, error: error as Error }),
      );
    },
    forceFlush: async () => (await loading)?.forceFlush?.(),
    shutdown: async () => (await loading)?.shutdown(),
  };
}
