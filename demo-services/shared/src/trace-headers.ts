import type { IncomingHttpHeaders } from 'node:http';
import { type Context, ROOT_CONTEXT, type TextMapGetter } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import type { IHeaders } from 'kafkajs';

export type Carrier = IncomingHttpHeaders | IHeaders;

const propagator = new W3CTraceContextPropagator();

/** The trace that the headers tell of; the root when there is none, or none that is well formed. */
export function incomingContext(headers: Carrier): Context {
  return propagator.extract(ROOT_CONTEXT, headers, headerText);
}

/** Trace context as Kafka headers, and the content type of every message. */
export function outgoingHeaders(context: Context): IHeaders {
  const headers: Record<string, string> = {};
  propagator.inject(context, headers, {
    set(carrier, key, value) {
      if (value !== '') carrier[key] = value;
    },
  });
  return { ...headers, 'content-type': 'application/json' };
}

/** Kafka's header values are bytes. */
const headerText: TextMapGetter<Carrier> = {
  keys: (carrier) => Object.keys(carrier),
  get: (carrier, key) => {
    const value = carrier[key];
    return value === undefined ? undefined : String(Array.isArray(value) ? value[0] : value);
  },
};
