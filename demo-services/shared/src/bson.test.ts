import fc from 'fast-check';
import { BSON, Decimal128, Long } from 'mongodb';
import { expect, test } from 'vitest';
import { fromBson, toBson } from './bson.ts';
import { type JsonObject, parseJson } from './envelope.ts';

/** Through the bytes that go to the server. */
function stored(text: string): string {
  const document = toBson(parseJson(text) as JsonObject);
  return JSON.stringify(fromBson(BSON.deserialize(BSON.serialize(document))));
}

test.for([
  ['every plain type, at any depth', '{"a":["x",1,1.5,true,null,{"b":[{}]}]}'],
  ['the largest whole number of JavaScript', '{"a":9007199254740991,"b":-9007199254740991}'],
  ['whole numbers beyond 2^53', '{"a":9007199254740993,"b":1152921504606846977}'],
  ['the largest and smallest 64-bit numbers', '{"a":9223372036854775807,"b":-9223372036854775808}'],
  ['a number beyond 64 bits', '{"a":12345678901234567890123}'],
  ['a fraction of zero', '{"a":1.0,"b":1.10}'],
  ['minus zero', '{"a":-0,"b":-0.0}'],
  ['an exponent', '{"a":1e5,"b":1E+5,"c":1e400,"d":1e-7000}'],
  ['more digits than any number type has', '{"a":3.14159265358979323846264338327950288419716939}'],
  ['a field named like a prototype', '{"__proto__":{"x":1}}'],
  ['names that BSON or MongoDB refuse', '{"$a":1,"_bsontype":"Long","a\\u0000b":{"$b":2}}'],
  ['names that look like escaped ones', '{"%":1,"%a":2,"%00":3,"%25":4,"a%":5,"%$a":6}'],
  ['names with a dot', '{"a.b":1}'],
  ['text that is no Unicode', '{"a":"\\ud800"}'],
  ['text beyond ASCII', '{"a":"日本 🎈"}'],
] as const)('%s comes back as it went in', ([, text]) => {
  expect(stored(text)).toBe(text);
});

test('big numbers are numbers in the database too', () => {
  const { a, b } = toBson(parseJson('{"a":9007199254740993,"b":1.0}') as JsonObject);
  expect(a).toEqual(Long.fromString('9007199254740993'));
  expect(b).toEqual(Decimal128.fromString('1.0'));
});

test('values of the database that are no JSON stay as they are', () => {
  const at = new Date(0);
  expect(toBson({ at, deep: [{ at }] })).toEqual({ at, deep: [{ at }] });
  expect(fromBson({ at, deep: [{ at }] })).toEqual({ at, deep: [{ at }] });
});

test('any JSON comes back as it went in', () => {
  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.bigInt().map(String),
    fc
      .tuple(fc.integer(), fc.nat(), fc.integer({ min: -7_000, max: 7_000 }))
      .map(([whole, part, exponent]) => `${whole}.${part}e${exponent}`),
  );
  const value = fc.oneof(number, fc.json({ stringUnit: 'binary' }));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), value)), (fields) => {
      const text = `{${fields.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
      expect(stored(text)).toBe(JSON.stringify(parseJson(text)));
    }),
  );
});
