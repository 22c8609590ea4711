import { expect, test } from 'vitest';
import { PoisonError, parseEnvelope, serializeEnvelope } from './envelope.ts';

const valid = { uuid: 'o', type: 'user-create', state: 'pending', data: { name: 'hans' } };
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

test.for([
  ['an absent value', null, 'the message is empty'],
  ['an empty value', Buffer.alloc(0), 'the message is empty'],
  ['text', Buffer.from('hans'), 'the message is not JSON'],
  ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'the message is not JSON'],
  ['null', bytes(null), 'the message is not a JSON object'],
  ['a list', bytes([valid]), 'the message is not a JSON object'],
  ['no data', bytes({ ...valid, data: undefined }), '"data" is not an object'],
  ['data null', bytes({ ...valid, data: null }), '"data" is not an object'],
  ['data as a list', bytes({ ...valid, data: [] }), '"data" is not an object'],
  ['a number as uuid', bytes({ ...valid, uuid: 7 }), '"uuid" is not a non-empty string'],
  ['an empty uuid', bytes({ ...valid, uuid: '' }), '"uuid" is not a non-empty string'],
  ['no type', bytes({ ...valid, type: undefined }), '"type" is not a non-empty string'],
  ['a boolean as state', bytes({ ...valid, state: true }), '"state" is not a non-empty string'],
] as const)('%s is poison', ([, value, message]) => {
  expect(() => parseEnvelope(value)).toThrow(message);
});

const nested = (levels: number) => {
  const field = `${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`;
  return `{"uuid":"o","type":"user-create","state":"pending","data":{"name":"[{\\"","x":${field}}}`;
};

test.for([
  ['data of 63 levels', 62],
  ['data without any', 0],
] as const)('%s is taken', ([, levels]) => {
  expect(parseEnvelope(Buffer.from(nested(levels))).uuid).toBe('o');
});

test.for([
  ['data of 65 levels', 64],
  ['data too deep for any parser', 200_000],
] as const)('%s is poison', ([, levels]) => {
  const parsing = () => parseEnvelope(Buffer.from(nested(levels)));
  expect(parsing).toThrow(PoisonError);
  expect(parsing).toThrow('nested more than 64 levels deep');
});

test.for([
  ['unknown fields at any depth', '"x":{"y":[{"z":null}]}'],
  ['a whole number beyond 2^53', '"x":12345678901234567890'],
  ['a number written with a fraction of zero', '"x":[1.0,-0,1e400]'],
  ['a field named like a prototype', '"__proto__":{"x":1}'],
  ['text beyond ASCII', '"x":"日本 🎈"'],
])('%s come out as they went in', ([, field]) => {
  const text = `{"uuid":"o","type":"user-create","state":"pending","data":{"name":"hans",${field}},${field}}`;
  const envelope = parseEnvelope(Buffer.from(text));
  expect(serializeEnvelope({ ...envelope, data: { ...envelope.data } })).toBe(text);
});
