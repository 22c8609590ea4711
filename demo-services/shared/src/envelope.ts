import { depthOf, maxDataDepth } from './json-depth.ts';

/** The message cannot be handled and never will be: it goes to the dead-letter topic. */
export class PoisonError extends Error {
  override readonly name = 'PoisonError';
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** The one envelope of all four topics. Unknown fields, at any depth, are kept as they came. */
export interface Envelope extends JsonObject {
  /** Of the operation; the key of every message about it. */
  readonly uuid: string;
  readonly type: string;
  readonly state: string;
  readonly data: JsonObject;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * @param value the bytes of a Kafka message
 * @throws PoisonError when they are no envelope; the text says what is wrong
 */
export function parseEnvelope(value: Buffer | null): Envelope {
  if (value === null || value.length === 0) throw new PoisonError('the message is empty');
  const envelope = parseMessage(value);
  if (!isObject(envelope)) throw new PoisonError('the message is not a JSON object');
  const { data } = envelope;
  if (!isObject(data)) throw new PoisonError('"data" is not an object');
  return {
    ...envelope,
    uuid: requireText(envelope, 'uuid', 'uuid'),
    type: requireText(envelope, 'type', 'type'),
    state: requireText(envelope, 'state', 'state'),
    data,
  };
}

/** @throws PoisonError when the field is not a non-empty string */
export function requireText(object: JsonObject, field: string, path: string): string {
  const value = object[field];
  if (typeof value === 'string' && value !== '') return value;
  throw new PoisonError(`"${path}" is not a non-empty string`);
}

export function serializeEnvelope(envelope: Envelope): string {
  return JSON.stringify(envelope);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseMessage(value: Buffer): unknown {
  try {
    const text = utf8.decode(value);
    // The envelope is one level more than its data.
    if (depthOf(text) > maxDataDepth + 1) {
      throw new PoisonError(`a field is nested more than ${maxDataDepth} levels deep`);
    }
    return parseJson(text);
  } catch (error) {
    if (error instanceof PoisonError) throw error;
    throw new PoisonError('the message is not JSON', { cause: error });
  }
}

/**
 * As JSON.parse, but a number that JavaScript would write differently keeps the text it came with;
 * `JSON.stringify` writes that text again.
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text, keepNumber as Parameters<typeof JSON.parse>[1]);
}

// In Node, but not yet in the types of the language level we compile for.
const { rawJSON } = JSON as unknown as { rawJSON(source: string): unknown };

/** A number that JavaScript would write differently (2^60, 1.0, 1e400) keeps the text it came with. */
function keepNumber(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  const { source } = context;
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value;
  return rawJSON(source);
}
