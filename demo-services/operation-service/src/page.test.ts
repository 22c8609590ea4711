import { expect, test } from 'vitest';
import { pageOf } from './page.ts';

function stored(count: number, bytes: number) {
  const world = { read: 0, closed: false };
  const documents = async function* () {
    try {
      for (; world.read < count; ) {
        world.read += 1;
        yield { uuid: `op-${world.read}`, text: 'x'.repeat(bytes) };
      }
    } finally {
      world.closed = true;
    }
  };
  return { world, documents: documents() };
}

test.for([
  ['fewer than the limit', 3, 10, 5, { shown: 3, more: false, read: 3 }],
  ['as many as the limit', 5, 10, 5, { shown: 5, more: false, read: 5 }],
  ['more than the limit', 9, 10, 5, { shown: 5, more: true, read: 6 }],
  ['too large for one page', 500, 1_000_000, 500, { shown: 5, more: true, read: 6 }],
  ['one that is larger than a page', 2, 5_000_000, 500, { shown: 1, more: true, read: 2 }],
  ['none', 0, 0, 5, { shown: 0, more: false, read: 0 }],
] as const)('%s', async ([, count, bytes, limit, wanted]) => {
  const { world, documents } = stored(count, bytes);
  const { shown, more } = await pageOf(documents, limit);
  expect({ shown: shown.length, more, read: world.read }).toEqual(wanted);
  expect(world.closed).toBe(true);
});
