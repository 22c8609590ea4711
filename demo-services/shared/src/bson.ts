import { Binary, Decimal128, type Document, Long } from 'mongodb';
import { isObject, type JsonObject, parseJson } from './envelope.ts';

/** Binary of this subtype holds the JSON text of a value for which BSON has no type. */
const jsonText = Binary.SUBTYPE_USER_DEFINED;

const { isRawJSON } = JSON as unknown as {
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
};

/**
 * The same object as a document. Exact: a number that `parseJson` kept as text becomes a Long or a
 * Decimal128, and comes back as the same number. A field name that BSON or MongoDB does not take
 * (with a leading `$`, a NUL, or `_bsontype`) gets a leading `%`.
 */
export function toBson(json: JsonObject): Document {
  return mapObject(json, storedName, toStored);
}

/** The inverse of `toBson`. */
export function fromBson(document: Document): JsonObject {
  return mapObject(document, jsonName, fromStored);
}

function mapObject(
  object: Readonly<Record<string, unknown>>,
  rename: (name: string) => string,
  map: (value: unknown) => unknown,
): Record<string, unknown> {
  // fromEntries and not assignment: a field may be named __proto__.
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [rename(name), map(value)]),
  );
}

function toStored(value: unknown): unknown {
  if (isRawJSON(value)) return numberToStored(value.rawJSON);
  if (Array.isArray(value)) return value.map(toStored);
  if (isPlain(value)) return mapObject(value, storedName, toStored);
  // BSON is UTF-8, which has no lone surrogates.
  if (typeof value === 'string' && !value.isWellFormed()) return asText(JSON.stringify(value));
  return value;
}

function fromStored(value: unknown): unknown {
  if (value instanceof Long || value instanceof Decimal128) return parseJson(value.toString());
  if (value instanceof Binary) return parseJson(Buffer.from(value.value()).toString('utf8'));
  if (Array.isArray(value)) return value.map(fromStored);
  if (isPlain(value)) return mapObject(value, jsonName, fromStored);
  return value;
}

/** Not a Date or another value of the database's own, which stay as they are. */
function isPlain(value: unknown): value is JsonObject {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function numberToStored(text: string): Long | Decimal128 | Binary {
  const long = /^-?\d{1,19}$/.test(text) ? Long.fromString(text) : undefined;
  if (long?.toString() === text) return long;
  const decimal = decimalOf(text);
  // 1e5 would come back as 1E+5: the same number, but not the same text.
  return decimal?.toString() === text ? decimal : asText(text);
}

function decimalOf(text: string): Decimal128 | undefined {
  try {
    return Decimal128.fromString(text);
  } catch {
    return undefined; // more than 34 digits, or an exponent out of its range
  }
}

function asText(text: string): Binary {
  return new Binary(Buffer.from(text), jsonText);
}

const unstorable = /^[$%]|\0|^_bsontype$/;

function storedName(name: string): string {
  if (!unstorable.test(name)) return name;
  return `%${name.replaceAll('%', '%25').replaceAll('\0', '%00')}`;
}

function jsonName(name: string): string {
  if (!name.startsWith('%')) return name;
  return name.slice(1).replaceAll('%00', '\0').replaceAll('%25', '%');
}
