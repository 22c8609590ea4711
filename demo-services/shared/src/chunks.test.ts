import fc from 'fast-check';
import type { KafkaMessage } from 'kafkajs';
import { expect, test } from 'vitest';
import { chunksOf } from './chunks.ts';

function batch(keys: readonly (string | null)[]): readonly KafkaMessage[] {
  return keys.map((key, index) => {
    const message = { offset: String(index), key: key === null ? null : Buffer.from(key) };
    return message as KafkaMessage;
  });
}

const cut = (keys: readonly (string | null)[], size: number) =>
  [...chunksOf(batch(keys), size)].map((chunk) => chunk.map(({ key }) => key?.toString() ?? null));

test.for<[string, (string | null)[], number, (string | null)[][]]>([
  ['an empty batch has no chunk', [], 3, []],
  ['size 1 is one message at a time', ['a', 'b'], 1, [['a'], ['b']]],
  ['the last chunk may be smaller', ['a', 'b', 'c'], 2, [['a', 'b'], ['c']]],
  [
    'a key comes once in a chunk',
    ['a', 'b', 'a', 'c'],
    4,
    [
      ['a', 'b'],
      ['a', 'c'],
    ],
  ],
  [
    'messages without a key count as of one key',
    [null, 'a', '', 'b'],
    4,
    [
      [null, 'a'],
      ['', 'b'],
    ],
  ],
])('%s', ([, keys, size, chunks]) => {
  expect(cut(keys, size)).toEqual(chunks);
});

test('chunks keep every message in its order, none too large, none with a key twice', () => {
  const keys = fc.array(fc.option(fc.constantFrom('', 'a', 'b', 'c', 'd')));
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 5 }), (all, size) => {
      const chunks = cut(all, size);
      expect(chunks.flat()).toEqual(all);
      for (const chunk of chunks) {
        expect(chunk.length).toBeLessThanOrEqual(size);
        expect(new Set(chunk.map((key) => key ?? '')).size).toBe(chunk.length);
      }
    }),
  );
});
