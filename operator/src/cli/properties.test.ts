import { expect, test } from 'vitest';
import { parseProperties } from './properties.ts';

test.for([
  ['key and value', 'a.b=c', { 'a.b': 'c' }],
  ['a colon or blanks separate too', 'a : b\nc d', { a: 'b', c: 'd' }],
  ['blanks around the separator do not count, those at the end do', '  a =  b ', { a: 'b ' }],
  ['only the first separator separates', 'a=b=c:d', { a: 'b=c:d' }],
  ['comments and empty lines', '# x=1\n\n  ! y=2\nz=3', { z: '3' }],
  ['a comment sign inside is none', 'a=b # c', { a: 'b # c' }],
  ['lines that go on lose their indentation', 'a=b \\\n   c;\\\n   d\ne=f', { a: 'b c;d', e: 'f' }],
  ['an escaped backslash at the end does not go on', 'a=b\\\\\nc=d', { a: 'b\\', c: 'd' }],
  ['a line that goes on at the end of the file', 'a=b\\', { a: 'b' }],
  ['escapes', 'a\\=b=\\u0041\\n\\tc\\:\\"', { 'a=b': 'A\n\tc:"' }],
  ['a key alone', 'a', { a: '' }],
  ['the last one wins', 'a=1\na=2', { a: '2' }],
  ['line ends of other systems', 'a=1\r\nb=2\rc=3', { a: '1', b: '2', c: '3' }],
] as const)('%s', ([, text, expected]) => {
  expect(Object.fromEntries(parseProperties(text))).toEqual(expected);
});
